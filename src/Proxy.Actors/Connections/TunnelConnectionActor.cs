using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One connection of a client's frontend, from accept to end, through a stream of a tunnel. The pumps run from the start: they notice an
/// application that goes away while it waits. States: (awaiting header) → waiting for a tunnel → opening → relaying → half-closed → stopped.
/// </summary>
internal sealed class TunnelConnectionActor : ReceiveActor
{
    private readonly Frontend _frontend;
    private readonly FrontendSettings _settings;
    private readonly TunnelTarget _target;
    private readonly TunnelPool _pool;
    private readonly IIoLoop _loop;
    private readonly ConnectionRecord _record;
    private readonly IChannel _application;
    private readonly ClientPreamble _preamble;
    private OutboundLeg _leg = null!;
    private Relay? _relay;
    private long _askedAtMicroseconds;
    private EndReason _reason;
    private string _detail = "";

    public TunnelConnectionActor(IAcceptedConnection accepted, Frontend frontend, FrontendSettings settings, TunnelTarget target, TunnelPool pool)
    {
        _frontend = frontend;
        _settings = settings;
        _target = target;
        _pool = pool;
        _loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        _record = frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _preamble = new ClientPreamble(Self);
        _application = _loop.Adopt(accepted, _preamble);
    }

    private enum Timer
    {
        HeaderDeadline,
        ConnectDeadline,
        Retry,
    }

    private sealed record Opened
    {
        public static readonly Opened Instance = new();
    }

    private sealed record StreamLost(EndReason Reason);

    private sealed record RefusedByHop(ChainResponse Response);

    protected override void PreStart()
    {
        if (!_settings.ProxyProtocol.IsExpectedFrom(_record.Peer.Address))
        {
            Begin(null, []);
            return;
        }

        Context.Timers.StartSingleTimer(Timer.HeaderDeadline, Timer.HeaderDeadline, _settings.Timeouts.Header);
        Become(AwaitingHeader);
        _preamble.Expect(_application, [], ProxyHeaders.Read);
    }

    protected override void PostStop()
    {
        if (_relay is { } relay)
        {
            relay.Abort();
        }
        else
        {
            _application.Abort();
        }

        _record.End(EndReason.KilledLocally, "", _loop.NowMicroseconds);
        _frontend.Leave(_record, Context.System.TimeProvider.GetUtcNow());
    }

    // States

    private void AwaitingHeader()
    {
        Receive<ProxyHeaders.Received>(received =>
        {
            Context.Timers.Cancel(Timer.HeaderDeadline);
            Begin(received.Header, received.Unread);
        });
        Receive<ProxyHeaders.Broken>(broken => EndEarly(EndReason.BadHeader, $"PROXY header: {broken.Rule}"));
        Receive<ClientPreamble.Cut>(_ => EndEarly(EndReason.BadHeader, "the client closed before its PROXY header was complete"));
        Receive<ClientPreamble.Gone>(gone => EndEarly(EndReason.ResetByClient, gone.Fault.Text));
        Receive<Timer>(_ => EndEarly(EndReason.HeaderTimeout, "the PROXY header did not come in time"));
    }

    private void WaitingForTunnel()
    {
        Receive<TunnelPoolActor.Granted>(HandleGranted);
        Receive<TunnelPoolActor.Refused>(refused => EndWith(refused.Reason, refused.Text));
        Receive<Timer>(timer => timer == Timer.Retry, _ => AskForTunnel());
        Receive<Timer>(_ =>
        {
            _pool.Current.Tell(TunnelPoolActor.Abandon.Instance);
            EndWith(EndReason.NoTunnel, $"no tunnel came up within {_settings.Timeouts.Connect.TotalSeconds:0.#} s");
        });
        Receive<RelayEvents.Ended>(ended =>
        {
            _pool.Current.Tell(TunnelPoolActor.Abandon.Instance);
            HandleEnded(ended);
        });
        Receive<RelayEvents.HalfClosed>(_ => { });
    }

    private void Opening()
    {
        Receive<Opened>(_ =>
        {
            Context.Timers.Cancel(Timer.ConnectDeadline);
            _record.ConnectMicroseconds = _loop.NowMicroseconds - _askedAtMicroseconds;
            _record.Phase = ConnectionPhase.Relaying;
            Become(Relaying);
            _frontend.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        });
        Receive<StreamLost>(lost => HandleStreamLost(lost.Reason));
        Receive<RefusedByHop>(refused => EndWith(refused.Response.Status.ToEndReason(), Explain(refused.Response)));
        Receive<Timer>(_ => EndWith(EndReason.ConnectTimeout, $"no answer within {_settings.Timeouts.Connect.TotalSeconds:0.#} s"));
        Receive<RelayEvents.HalfClosed>(_ => { });
        Receive<RelayEvents.Ended>(HandleEnded);
    }

    private void Relaying()
    {
        Receive<RelayEvents.HalfClosed>(half => Become(() => HalfClosed(half.Side)));
        Receive<RelayEvents.Ended>(HandleEnded);
    }

    private void HalfClosed(RelaySide ended)
    {
        _record.Phase = ConnectionPhase.HalfClosed;
        if (_frontend.Log.IsEnabled(LogLevel.Debug))
        {
            _frontend.Log.Debug($"{_record.Peer}: {(ended == RelaySide.Client ? "client" : "upstream")} has finished sending");
        }

        Receive<RelayEvents.Ended>(HandleEnded);
    }

    /// <summary>Decided; the relay's last word is all that is awaited.</summary>
    private void Closing()
    {
        Receive<RelayEvents.Ended>(HandleEnded);
        ReceiveAny(_ => { });
    }

    private void Begin(ProxyHeader? header, byte[] unread)
    {
        if (_preamble.Fault is { } gone)
        {
            // The word of it stands behind the header: a relay would wait for an end that has been told already.
            EndEarly(EndReason.ResetByClient, gone.Text);
            return;
        }

        _record.Client = header?.Source ?? _record.Peer;
        _leg = new OutboundLeg(ChainHeader(header?.Destination ?? _record.Local), new LegEvents(Self), TunnelStreamChannel.Nobody);
        _relay = new Relay(_loop, _application, _leg, _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        _record.Relay = _relay;
        _relay.Start(unread);
        Context.Timers.StartSingleTimer(Timer.ConnectDeadline, Timer.ConnectDeadline, _settings.Timeouts.Connect);
        AskForTunnel();
    }

    private void AskForTunnel()
    {
        _record.Phase = ConnectionPhase.Queued;
        Become(WaitingForTunnel);
        _pool.Current.Tell(TunnelPoolActor.Acquire.Instance);
    }

    private void HandleGranted(TunnelPoolActor.Granted granted)
    {
        if (!granted.Link.CanOpen)
        {
            _pool.Current.Tell(TunnelPoolActor.Acquire.Instance);
            return;
        }

        _record.Phase = ConnectionPhase.Connecting;
        _record.Server = _frontend.Target;
        _record.Attempts++;
        _askedAtMicroseconds = _loop.NowMicroseconds;
        _record.WaitMicroseconds ??= _askedAtMicroseconds - _record.StartMicroseconds;
        Become(Opening);
        _leg.Attach(granted.Link);
    }

    private void HandleStreamLost(EndReason reason)
    {
        _frontend.Log.Debug($"{_record.Peer}: the stream was not accepted ({reason.Text()}), opening another");
        if (reason == EndReason.Refused)
        {
            // The server is alive and does not want it now: asking again at once would only be refused again.
            Become(WaitingForTunnel);
            Context.Timers.StartSingleTimer(Timer.Retry, Timer.Retry, RetryAfterRefusal);
        }
        else
        {
            AskForTunnel();
        }
    }

    private void EndWith(EndReason reason, string detail)
    {
        if (!_relay!.HasEnded)
        {
            // Otherwise the connection has ended by itself a moment ago, and that is the reason.
            (_reason, _detail) = (reason, detail);
        }

        Become(Closing);
        _relay.Abort();
    }

    private void HandleEnded(RelayEvents.Ended ended)
    {
        if (_reason == EndReason.None)
        {
            _reason = _leg.End != EndReason.None ? _leg.End : ended.Reason;
            _detail = ended.End.Fault.Text ?? "";
        }

        _record.IsClientAwaited = ended.IsClientAwaited;
        EndEarly(_reason, _detail);
    }

    /// <summary>An end that has no relay to wait for.</summary>
    private void EndEarly(EndReason reason, string detail)
    {
        _record.End(reason, detail, _loop.NowMicroseconds);
        ConnectionLog.Write(_frontend.Log, _record, _frontend.Target);
        Context.Stop(Self);
    }

    private byte[] ChainHeader(IPEndPoint? destination)
    {
        if (_target.Destination is not { } target)
        {
            return [];
        }

        var request = new ChainRequest(ChainCommand.Tcp, target, NextHopKind.Destination)
        {
            Fields = !_target.TellsSource ? ChainFields.Empty : new ChainFields
            {
                OriginalSource = _record.Client,
                OriginalDestination = destination is null ? null : Destination.Of(destination),
            },
        };
        var header = new byte[request.LengthBytes];
        request.Write(header);
        return header;
    }

    private static string Explain(ChainResponse response) =>
        $"hop 1 answered {response.Status}{(response.Text.Length > 0 ? ": " + response.Text : "")}";

    private static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(100);

    private sealed class LegEvents(IActorRef owner) : IOutboundLegOwner
    {
        public void OnOpened() => owner.Tell(Opened.Instance, ActorRefs.NoSender);

        public void OnStreamLost(EndReason reason) => owner.Tell(new StreamLost(reason), ActorRefs.NoSender);

        public void OnRefused(ChainResponse response) => owner.Tell(new RefusedByHop(response), ActorRefs.NoSender);
    }
}
