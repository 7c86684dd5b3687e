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
/// One connection of a client's frontend, from accept to end, through a stream of a tunnel or a chain. The pumps run from the start: they notice
/// an application that goes away while it waits. States: (awaiting header) → (choosing a chain) → waiting for a tunnel | dialling the first hop →
/// opening → relaying → half-closed → stopped.
/// </summary>
internal sealed partial class TunnelConnectionActor : ReceiveActor
{
    private readonly OutboundPlan _plan;
    private readonly Frontend _frontend;
    private readonly FrontendSettings _settings;
    private readonly IIoLoop _loop;
    private readonly ConnectionRecord _record;
    private readonly IChannel _application;
    private readonly ClientPreamble _preamble;
    private readonly AskedConnection? _asked;     // null: the destination is the frontend's
    private readonly string _target;
    private OutboundLeg _leg = null!;
    private Relay? _relay;
    private ChainFields _source = ChainFields.Empty;
    private long _askedAtMicroseconds;
    private EndReason _reason;
    private string _detail = "";

    public TunnelConnectionActor(IAcceptedConnection accepted, OutboundPlan plan)
    {
        _plan = plan;
        _frontend = plan.Frontend;
        _settings = plan.Settings;
        _loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        _record = _frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _preamble = new ClientPreamble(Self);
        _application = accepted.AdoptBy(_loop, _preamble);
        _target = _frontend.Target;
    }

    /// <summary>For a client that has said where it wants to go.</summary>
    public TunnelConnectionActor(AskedConnection asked, OutboundPlan plan)
    {
        _plan = plan;
        _frontend = plan.Frontend;
        _settings = plan.Settings;
        _loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        _preamble = new ClientPreamble(Self);
        (_asked, _record, _application) = (asked, asked.Record, asked.Client);
        _target = plan.Destination!.ToString();
    }

    private enum Timer
    {
        HeaderDeadline,
        ConnectDeadline,
        EntryDeadline,
        Retry,
        Doubt,
    }

    private sealed record Opened
    {
        public static readonly Opened Instance = new();
    }

    private sealed record StreamLost(EndReason Reason);

    private sealed record RefusedByHop(ChainFailure Failure);

    protected override void PreStart()
    {
        if (_asked is { } asked)
        {
            _source = SourceFields(_record.Local);
            Begin(asked.Unread);
            return;
        }

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
        _dial?.Abandon();
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

    private void Opening()
    {
        Receive<Opened>(_ =>
        {
            Context.Timers.Cancel(Timer.ConnectDeadline);
            Context.Timers.Cancel(Timer.Doubt);
            _record.ConnectMicroseconds = _loop.NowMicroseconds - _askedAtMicroseconds;
            _record.Phase = ConnectionPhase.Relaying;
            TellWorks();
            Become(Relaying);
            _frontend.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        });
        Receive<StreamLost>(lost => HandleStreamLost(lost.Reason));
        Receive<RefusedByHop>(refused => HandleRefused(refused.Failure));
        Receive<Timer>(timer => timer == Timer.Doubt, _ => LookElsewhere());
        Receive<TunnelPoolActor.Granted>(granted => TryElsewhere(granted));
        Receive<TunnelPoolActor.NoOther>(_ => DoubtAgain());
        Receive<Timer>(_ =>
        {
            var text = $"no answer within {_settings.Timeouts.Connect.TotalSeconds:0.#} s";
            TellFailed(text);
            EndWith(EndReason.ConnectTimeout, text);
        });
        Receive<RelayEvents.HalfClosed>(_ => { });
        Receive<RelayEvents.Ended>(HandleEnded);
        ReceiveLate();
    }

    private void Relaying()
    {
        ReceiveLate();
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
        ReceiveLate();
    }

    /// <summary>Decided; the relay's last word is all that is awaited.</summary>
    private void Closing()
    {
        Receive<RelayEvents.Ended>(HandleEnded);
        ReceiveAny(_ => { });
    }

    private void Begin(ProxyHeader? header, byte[] unread)
    {
        _record.Client = header?.Source ?? _record.Peer;
        _source = SourceFields(header?.Destination ?? _record.Local);
        Begin(unread);
    }

    private void Begin(byte[] unread)
    {
        if ((_asked is null ? _preamble.Fault : _asked.Client.Fault) is { } gone)
        {
            // The word of it stands behind the header: a relay would wait for an end that has been told already.
            EndEarly(EndReason.ResetByClient, gone.Text);
            return;
        }

        _leg = new OutboundLeg(new LegEvents(Self, _asked?.Client), TunnelStreamChannel.Nobody);
        _relay = new Relay(_loop, _application, _leg, _settings.Timeouts.ToRelaySettings(_plan.IsUdp), new RelayEvents(Self));
        _record.Relay = _relay;
        _relay.Start(unread);
        Context.Timers.StartSingleTimer(Timer.ConnectDeadline, Timer.ConnectDeadline, _settings.Timeouts.Connect);
        FindWay();
    }

    private void EndWith(EndReason reason, string detail)
    {
        if (!_relay!.HasEnded)
        {
            // Otherwise the connection has ended by itself a moment ago, and that is the reason.
            (_reason, _detail) = (reason, detail);
        }

        Become(Closing);
        _asked?.Client.Refuse(reason, detail);
        _relay.Abort();
    }

    private void HandleEnded(RelayEvents.Ended ended)
    {
        if (_reason == EndReason.None)
        {
            _reason = _leg.End != EndReason.None ? _leg.End : ended.Reason;
            _detail = ended.End.Fault.Text ?? "";
            TellBlamed(_leg.Failure);
        }

        _record.IsClientAwaited = ended.IsClientAwaited;
        EndEarly(_reason, _detail);
    }

    /// <summary>An end that has no relay to wait for.</summary>
    private void EndEarly(EndReason reason, string detail)
    {
        _record.End(reason, detail, _loop.NowMicroseconds);
        ConnectionLog.Write(_frontend.Log, _record, _target);
        Context.Stop(Self);
    }

    private ChainFields SourceFields(IPEndPoint? destination) => !_plan.TellsSource ? ChainFields.Empty : new ChainFields
    {
        OriginalSource = _record.Client is UnixEndPoint ? null : _record.Client,
        OriginalDestination = destination is null or UnixEndPoint ? null : Destination.Of(destination),
    };

    private sealed class LegEvents(IActorRef owner, IAskedClient? asked) : IOutboundLegOwner
    {
        public void OnOpened()
        {
            // At once, as a message would come behind the first bytes.
            asked?.Grant();
            owner.Tell(Opened.Instance, ActorRefs.NoSender);
        }

        public void OnStreamLost(EndReason reason) => owner.Tell(new StreamLost(reason), ActorRefs.NoSender);

        public void OnRefused(ChainFailure failure) => owner.Tell(new RefusedByHop(failure), ActorRefs.NoSender);
    }
}
