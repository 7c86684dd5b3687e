using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One connection of a plain relay. Servers are picked and tried one after the other, the addresses of one name beside each other, until one
/// answers: nothing was sent yet. States:
/// (awaiting header) → (securing client | awaiting hello) → picking → connecting → (securing server) → relaying → half-closed → stopped.
/// </summary>
/// <remarks>One of these is made for each connection, so its states are switches and not tables: they cost nothing to enter.</remarks>
internal sealed partial class RelayConnectionActor : UntypedActor
{
    private readonly Frontend _frontend;
    private readonly FrontendSettings _settings;
    private readonly RelayUpstreams _upstreams;
    private readonly ConnectionRecord _record;
    private readonly ClientPreamble _preamble;
    private readonly IDeadline _deadline;
    private IChannel _client;
    private Upstream? _upstream;
    private byte[] _unread = [];
    private long _dueMicroseconds;

    /// <summary>Takes the connection over at once.</summary>
    public RelayConnectionActor(IAcceptedConnection accepted, Frontend frontend, FrontendSettings settings, RelayUpstreams upstreams)
    {
        _frontend = frontend;
        _settings = settings;
        _upstreams = upstreams;
        _upstream = upstreams.Default;
        _record = frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), Loop.NowMicroseconds);
        _deadline = Loop.CreateDeadline(() => Self.Tell(DeadlinePassed.Instance, ActorRefs.NoSender));
        _preamble = new ClientPreamble(Self);
        _client = accepted.AdoptBy(Loop, _preamble);
    }

    private sealed record DeadlinePassed
    {
        public static readonly DeadlinePassed Instance = new();
    }

    // One that was set anew may have told already.
    private bool IsDeadlineDue => Loop.NowMicroseconds >= _dueMicroseconds;

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    protected override void PreStart()
    {
        if (_settings.ProxyProtocol.IsExpectedFrom(_record.Peer.Address))
        {
            AwaitHeader();
        }
        else
        {
            BeginSecuring();
        }
    }

    protected override void PostStop()
    {
        _deadline.Cancel();
        _dial?.Abandon();
        _race?.End(LastOutcome());
        if (_record.Relay is { } relay)
        {
            relay.Abort();
        }
        else
        {
            _client.Abort();
            _secured?.Abort();
        }

        ReportDisposal();

        // Stopped from outside, or by a defect: then nobody has given a reason yet.
        _record.End(EndReason.KilledLocally, "", Loop.NowMicroseconds);
        _frontend.Leave(_record, Context.System.TimeProvider.GetUtcNow());
    }

    // States

    protected override void OnReceive(object message) => Picking(message);

    private void Picking(object message)
    {
        switch (message)
        {
            case UpstreamActor.Picked picked:
                HandlePicked(picked.Place);
                break;
            case UpstreamActor.Queued:
                // The queue tells when the time is up; the deadline behind it is for a queue that was lost with its actor.
                _record.Phase = ConnectionPhase.Queued;
                SetDeadline(_upstream!.Picker.Settings.Queue.Timeout + _settings.Timeouts.Connect);
                _openingSinceMicroseconds = NotBegun;
                break;
            case UpstreamActor.Unavailable unavailable:
                var (reason, text) = _lastFailure ?? (unavailable.Reason, unavailable.Text);
                End(reason, text);
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void Connecting(object message)
    {
        switch (message)
        {
            case Dial.Dialed dialed:
                HandleDialed(dialed);
                break;
            case Dial.DialFailed { Failure: var failure }:
                TryAnother(failure.Reason.ToEndReason(), failure.ToString());
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void Relaying(object message)
    {
        switch (message)
        {
            case RelayEvents.HalfClosed:
                _record.Phase = ConnectionPhase.HalfClosed;
                Become(HalfClosed);
                break;
            default:
                HalfClosed(message);
                break;
        }
    }

    private void HalfClosed(object message)
    {
        switch (message)
        {
            case RelayEvents.Ended ended:
                HandleEnded(ended);
                break;
            case UpstreamActor.ServerDown down:
                if (ReferenceEquals(down.Server, _race?.Winner?.Server))
                {
                    End(EndReason.UpstreamDown, down.Reason);
                }

                break;
            case DeadlinePassed or ClientPreamble.Gone or ServerWatch.Failed:
                // Crossed the server's answer; the relay tells what becomes of its channels.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void HandleWhileOpening(object message)
    {
        switch (message)
        {
            case ClientPreamble.Gone gone:
                End(EndReason.ResetByClient, gone.Fault.Text);
                break;
            case DeadlinePassed:
                if (IsDeadlineDue)
                {
                    End(EndReason.ConnectTimeout, "no connection in time");
                }

                break;
            case UpstreamActor.ServerDown:
                // Looked at when somebody has answered: it may be another.
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void BeginOpening()
    {
        _openingSinceMicroseconds = Loop.NowMicroseconds;
        SetDeadline(_settings.Timeouts.Connect);
        AskForServer();
    }

    private void BeginRelaying(IChannel client, IChannel server)
    {
        _deadline.Cancel();
        Inspect(ref client, ref server);
        var relay = new Relay(Loop, client, server, _settings.Timeouts.ToRelaySettings(_settings.IsUdp), new RelayEvents(Self));
        _record.Relay = relay;
        _record.Phase = ConnectionPhase.Relaying;
        Become(Relaying);
        _frontend.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        relay.Start(_unread);
        _unread = [];
    }

    private void HandleEnded(RelayEvents.Ended ended)
    {
        _record.IsClientAwaited = ended.IsClientAwaited;
        if (_filters?.Cut is { } cut)
        {
            EndByFilter(cut);
            return;
        }

        End(ended.Reason, ended.End.Fault.Text ?? "");
    }

    private void End(EndReason reason, string detail)
    {
        _record.End(reason, detail, Loop.NowMicroseconds);
        ConnectionLog.Write(_frontend.Log, _record, _record.Server ?? _frontend.Target);
        Context.Stop(Self);
    }

    private void SetDeadline(TimeSpan time)
    {
        _dueMicroseconds = Loop.NowMicroseconds + (time.Ticks / TimeSpan.TicksPerMicrosecond);
        _deadline.Set(_dueMicroseconds);
    }
}
