using Proxy.Kernel;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

// TLS: ended here or only looked at before a server is chosen, and begun anew with the server.
internal sealed partial class RelayConnectionActor
{
    private IChannel? _secured;

    private void BeginSecuring()
    {
        if (_settings.Tls is { } termination)
        {
            SecureClient(termination);
        }
        else if (_upstreams.Routes is not null)
        {
            SetDeadline(_settings.Timeouts.Header);
            Become(AwaitingHello);
            _preamble.Expect(_client, _unread, ClientHellos.Read);
        }
        else
        {
            BeginOpening();
        }
    }

    // States

    private void AwaitingHello(object message)
    {
        switch (message)
        {
            case ClientHellos.Received read:
                _unread = read.Unread;
                OpenFor(read.Hello.ServerName);
                break;
            case ClientHellos.Broken broken:
                End(EndReason.BadHeader, $"TLS ClientHello: {broken.Rule}");
                break;
            case ClientPreamble.Cut:
                End(EndReason.BadHeader, "the client closed before its TLS ClientHello was complete");
                break;
            case DeadlinePassed:
                if (IsDeadlineDue)
                {
                    End(EndReason.HeaderTimeout, "the TLS ClientHello did not come in time");
                }

                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void SecuringClient(object message)
    {
        switch (message)
        {
            case ClientPreamble.Secured:
                _frontend.Tls.CountClient(isDone: true);
                var session = ((TlsChannel)_client).Session!;
                _record.ClientTls = session.ToString();
                OpenFor(session.ServerName);
                break;
            case ClientPreamble.Gone { Fault: var fault }:
                _frontend.Tls.CountClient(isDone: false);
                End(fault.ToClientTlsReason(), fault.Text);
                break;
            case DeadlinePassed:
                // The header's, that crossed it; the handshake has its own.
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void SecuringServer(object message)
    {
        switch (message)
        {
            case ServerWatch.Secured { Watch: var watch } when watch.Channel == _secured:
                HandleServerSecured(watch);
                break;
            case ServerWatch.Failed { Watch: var watch, Fault: var fault } when watch.Channel == _secured:
                HandleServerNotSecured(fault);
                break;
            case DeadlinePassed when IsDeadlineDue:
                _frontend.Tls.CountUpstream(isDone: false);
                End(EndReason.ConnectTimeout, "no TLS with the server in time");
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void SecureClient(TlsTermination termination)
    {
        _deadline.Cancel();
        Become(SecuringClient);
        var channel = new TlsChannel(Loop, _client, termination.Current.Role, termination.Settings.Handshake, _preamble);
        channel.Unread(_unread);
        _unread = [];
        _client = channel;
        channel.Start();
    }

    private void OpenFor(string? serverName)
    {
        if (_upstreams.Routes is null)
        {
            BeginOpening();
        }
        else if (_upstreams.Routes.TryFind(serverName, out var upstream))
        {
            _upstream = upstream;
            BeginOpening();
        }
        else
        {
            End(EndReason.NotAllowed, serverName is null ? "no route for a client that names no server" : $"no route for the server name {serverName}");
        }
    }

    private void SecureServer(IChannel server, UpstreamTlsSettings tls)
    {
        Become(SecuringServer);
        var spent = TimeSpan.FromMicroseconds(Loop.NowMicroseconds - _dialledAtMicroseconds);
        var left = _dialBudget - spent;
        var watch = new ServerWatch(Self);
        var settings = tls.Handshake with { HandshakeTimeout = left > ShortestHandshake ? left : ShortestHandshake };
        var channel = new TlsChannel(Loop, server, tls.RoleTowards(_race!.Winner!.Host), settings, watch);
        (_secured, watch.Channel) = (channel, channel);
        channel.Start();
    }

    private void HandleServerSecured(ServerWatch watch)
    {
        if (_preamble.Fault is { } gone)
        {
            End(EndReason.ResetByClient, gone.Text);
        }
        else if (watch.Fault is { } fault)
        {
            HandleServerNotSecured(fault);
        }
        else
        {
            _frontend.Tls.CountUpstream(isDone: true);
            if (!IsGoneDown())
            {
                _record.UpstreamTls = watch.Channel!.Session!.ToString();
                HandleAnswered(watch.Channel);
            }
        }
    }

    private void HandleServerNotSecured(TransportFault fault)
    {
        _frontend.Tls.CountUpstream(isDone: false);
        TryAnother(fault.ToUpstreamTlsReason(), fault.Text, ServerOutcome.ResetEarly);
    }

    // A server that took all of its time to connect still gets a moment; the connect deadline stands behind it.
    private static readonly TimeSpan ShortestHandshake = TimeSpan.FromMilliseconds(100);

    /// <summary>A server's channel while hands are shaken.</summary>
    private sealed class ServerWatch(IActorRef owner) : IChannelHandler
    {
        public TlsChannel? Channel { get; set; }

        public TransportFault? Fault { get; private set; }

        internal sealed record Secured(ServerWatch Watch);

        internal sealed record Failed(ServerWatch Watch, TransportFault Fault);

        public void OnConnected(IChannel channel) => owner.Tell(new Secured(this), ActorRefs.NoSender);

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw Paused();

        public void OnEndOfStream(IChannel channel) => throw Paused();

        public void OnSendDrained(IChannel channel)
        {
            // Nothing was sent.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            Fault = fault;
            owner.Tell(new Failed(this, fault), ActorRefs.NoSender);
        }

        private static InvalidOperationException Paused() => new("Receiving was resumed before the relay had the channel.");
    }
}
