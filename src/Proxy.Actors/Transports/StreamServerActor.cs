using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Transport.Tls;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>
/// A connection that a server's TCP listener accepted, from its first byte to the end of its tunnel. Who has no key gets no answer, only an end.
/// States: (securing) → awaiting hello ⇄ agreeing → open, with a <see cref="ServerTunnelActor"/> → stopped.
/// </summary>
internal sealed class StreamServerActor : ReceiveActor
{
    private readonly StreamListenerPlan _plan;
    private readonly IAcceptedConnection _accepted;
    private readonly UdpAddress _peer;
    private readonly ILoggingAdapter _log;
    private readonly HelloChannel _hello;
    private IChannel? _channel;                   // until a carrier has it
    private StreamCarrier? _carrier;
    private PendingHello? _pending;
    private Task? _agreement;                     // while it runs, the hello is not ours to touch
    private ulong _tunnelId;

    public StreamServerActor(StreamListenerPlan plan, IAcceptedConnection accepted)
    {
        _plan = plan;
        _accepted = accepted;
        _peer = UdpAddress.From(accepted.RemoteEndPoint);
        _log = Context.GetLogger();
        _hello = new HelloChannel(Self);
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record Agreed(string? Failure);

    private LoopDispatcher Dispatcher => (LoopDispatcher)Context.Dispatcher;

    private long Now => Dispatcher.Loop.NowMicroseconds;

    protected override SupervisorStrategy SupervisorStrategy() => Kernel.SupervisorStrategy.StoppingStrategy;

    protected override void PreStart()
    {
        var channel = Dispatcher.Loop.Adopt(_accepted, _hello);
        _channel = channel;
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, HandshakeTimeout);
        if (!_plan.IsTls)
        {
            AwaitHello(channel);
        }
        else if (_plan.Server.Settings.Tls is { } termination)
        {
            var tls = new TlsChannel(Dispatcher.Loop, channel, termination.Current.Role, termination.Settings.Handshake, _hello);
            _channel = tls;
            Become(() => Securing(tls));
            tls.Start();
        }
        else
        {
            TurnAway("this server has no certificate any more");
        }
    }

    protected override void PostStop()
    {
        // Our child has disposed of its link; a connection without one is nobody's we know.
        _carrier?.Close();
        _channel?.Abort();
        if (_pending is { } pending)
        {
            _ = (_agreement ?? Task.CompletedTask).ContinueWith(_ => pending.Dispose(), _plan.Environment.Workers);
        }

        if (_tunnelId != 0)
        {
            _plan.Handshake.Release(_tunnelId);
        }
    }

    // States

    private void Securing(TlsChannel tls)
    {
        Receive<HelloChannel.Secured>(_ => AwaitHello(tls));
        ReceiveInHandshake();
    }

    private void AwaitingHello(IChannel channel)
    {
        Receive<HelloChannel.Message>(message => HandleHello(channel, message.Bytes));
        ReceiveInHandshake();
    }

    private void Agreeing(IChannel channel, PendingHello pending)
    {
        Receive<Agreed>(agreed =>
        {
            _agreement = null;
            if (agreed.Failure is { } failure)
            {
                _log.Error($"{_plan.Scheme} tunnel from {_peer}: a key agreement failed: {failure}");
                Context.Stop(Self);
                return;
            }

            Open(channel, pending);
        });
        ReceiveInHandshake();
    }

    private void Opened(IActorRef tunnel)
    {
        Receive<Terminated>(_ => Context.Stop(Self));
        Receive<ServerTunnelActor.Drain>(drain => tunnel.Tell(drain));
    }

    private void ReceiveInHandshake()
    {
        Receive<HelloChannel.Gone>(gone => TurnAway(gone.Fault.Text));
        Receive<ServerTunnelActor.Drain>(_ => Context.Stop(Self));
        Receive<Timer>(_ => TurnAway("no handshake in time"));
    }

    private void AwaitHello(IChannel channel)
    {
        Become(() => AwaitingHello(channel));
        _hello.Next(channel);
    }

    private void HandleHello(IChannel channel, byte[] hello)
    {
        Span<byte> address = stackalloc byte[StreamSockets.AddressBytes];
        StreamSockets.WriteAddress(_peer, address);
        Span<byte> answer = stackalloc byte[SealingLimits.HandshakeBytes];
        var outcome = _plan.Handshake.HandleHello(
            hello, address, Now, Context.System.TimeProvider.GetUtcNow(), answer, out var answerBytes, out var pending);
        if (pending is not null)
        {
            Become(() => Agreeing(channel, pending));
            _pending = pending;
            var agreement = _plan.Environment.RunAside(() =>
            {
                pending.Agree();
                return pending;
            });
            _agreement = agreement;
            _ = agreement.PipeTo(Self, success: _ => new Agreed(null), failure: cause => new Agreed(cause.Message));
        }
        else if (outcome == HelloOutcome.Retry)
        {
            channel.Send(answer[..answerBytes]);
            AwaitHello(channel);
        }
        else
        {
            TurnAway($"the hello was refused ({outcome})");
        }
    }

    private void Open(IChannel channel, PendingHello pending)
    {
        var tunnel = _plan.Server.Settings.Native!.Tunnel;
        var id = _plan.Secrets.TunnelIds.Draw(_plan.Environment.Secrets);
        if (_plan.Handshake.Complete(pending, id, HandshakeTerms.Of(tunnel), Now, out var reply) is not { } established)
        {
            TurnAway("the agreement took too long");
            return;
        }

        _pending = null;
        _tunnelId = id;
        Context.Timers.Cancel(Timer.Deadline);
        channel.Send(reply.Span);
        var (dispatcher, principal) = (Dispatcher, established.Session.Identity.Principal);
        var how = $"over {((channel as TlsChannel)?.Session is { } tlsSession ? $"{tlsSession}" : $"tcp, sealed by {established.Session.CipherName}")}";
        var engine = new OrderedTunnelEngine(
            TunnelRole.Server, HandshakeTerms.Agree(tunnel, established.PeerSettings) with { Places = _plan.Server.Cluster.Load.Places }, dispatcher.Pool,
            Context.System.CreateRandom(), Now);
        var binding = (channel as TlsChannel)?.Session is { } session ? session.ServerCertificateHash.Span : default;
        var carrier = new StreamCarrier(dispatcher.Loop, channel, established.Session.IntoRecords(), binding, dispatcher.Pool, static () => { });
        (_channel, _carrier) = (null, carrier);
        var (server, peer) = (_plan.Server, _peer);
        var actor = Context.Watch(Context.ActorOf(Props.Create(() => new ServerTunnelActor(server, peer, principal))));
        var link = new TunnelLink(dispatcher.Loop, engine, new TunnelEvents(actor), seal: null);
        actor.Tell(new ServerTunnelActor.Begin(link, how));
        Become(() => Opened(actor));
        carrier.Start(link, engine, _hello);
        Context.Parent.Tell(new StreamListenerActor.Opened(link, principal));
    }

    /// <summary>Anybody may come here with anything: that is no news.</summary>
    private void TurnAway(string text)
    {
        _log.Debug($"{_plan.Scheme} connection from {_peer} ended: {text}");
        Context.Stop(Self);
    }

    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);
}
