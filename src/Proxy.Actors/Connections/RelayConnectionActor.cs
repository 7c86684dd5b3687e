using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
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
    private readonly RelayFrontendSettings _settings;
    private readonly RelayUpstreams _upstreams;
    private readonly ConnectionRecord _record;
    private readonly ClientPreamble _preamble;
    private readonly IDeadline _deadline;
    private readonly List<UpstreamServer> _tried = [];
    private IChannel _client;
    private Upstream? _upstream;
    private byte[] _unread = [];
    private long _dueMicroseconds;
    private long _openingSinceMicroseconds;
    private long _dialledAtMicroseconds;
    private TimeSpan _dialBudget;
    private (EndReason Reason, string Text)? _lastFailure;
    private int _retries;
    private ServerRace? _race;
    private Dial? _dial;

    /// <summary>Takes the connection over at once.</summary>
    public RelayConnectionActor(IAcceptedConnection accepted, Frontend frontend, RelayFrontendSettings settings, RelayUpstreams upstreams)
    {
        _frontend = frontend;
        _settings = settings;
        _upstreams = upstreams;
        _upstream = upstreams.Default;
        _record = frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), Loop.NowMicroseconds);
        _deadline = Loop.CreateDeadline(() => Self.Tell(DeadlinePassed.Instance, ActorRefs.NoSender));
        _preamble = new ClientPreamble(Self);
        _client = Loop.Adopt(accepted, _preamble);
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
                SetDeadline(_settings.Queue.Timeout + _settings.Timeouts.Connect);
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

    private void AskForServer()
    {
        if (_record.Attempts == 0)
        {
            // Later it is the failed dial that keeps the connection.
            _record.Phase = ConnectionPhase.Queued;
        }

        if (_upstream!.Picker.TryPick(Self, _record.Client.Address, _tried, out var place))
        {
            HandlePicked(place);
            return;
        }

        Become(Picking);
        _upstream.Actor.Tell(new UpstreamActor.Pick(_record.Client.Address, [.. _tried]));
    }

    private void HandlePicked(ServerPlace place)
    {
        if (_openingSinceMicroseconds == NotBegun)
        {
            // The time in the queue is not the server's.
            _openingSinceMicroseconds = Loop.NowMicroseconds;
            SetDeadline(_settings.Timeouts.Connect);
        }

        _race = new ServerRace(Loop, place, _tried);
        _record.Server = place.Name;
        _record.Attempts = _tried.Count;
        _record.Phase = ConnectionPhase.Connecting;
        _dialledAtMicroseconds = Loop.NowMicroseconds;
        _record.WaitMicroseconds ??= _dialledAtMicroseconds - _record.StartMicroseconds;
        Become(Connecting);

        // What is left of the time is shared with some of the servers that may follow, so that a silent one does not use it up.
        var left = _settings.Timeouts.Connect - TimeSpan.FromMicroseconds(Loop.NowMicroseconds - _openingSinceMicroseconds);
        var shares = Math.Min(place.OthersLeft, _settings.MaximumRetries - _retries) + 1;
        _dialBudget = left / shares;
        _dial = new Dial(Self, Loop, _race, _dialBudget);
    }

    private void HandleDialed(Dial.Dialed dialed)
    {
        _record.Attempts = _tried.Count;
        _record.Server = _race!.Winner!.Name;
        if (_preamble.Fault is { } gone)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(EndReason.ResetByClient, gone.Text);
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            TryAnother(EndReason.ResetByUpstream, fault.Text, ServerOutcome.ResetEarly);
            return;
        }

        if (_settings.UpstreamTls is { } tls)
        {
            SecureServer(TakeDialed(), tls);
        }
        else if (!IsGoneDown())
        {
            HandleAnswered(TakeDialed());
        }
    }

    private IChannel TakeDialed()
    {
        var server = _dial!.Take();
        _dial = null;
        SendHeader(server);
        return server;
    }

    private bool IsGoneDown()
    {
        if (!_settings.EndsSessionsOnDown || !_race!.Winner!.IsDown)
        {
            return false;
        }

        // Found out while it was dialled; from here on the word of it finds its way.
        TryAnother(EndReason.UpstreamDown, "it was marked down while it was dialled");
        return true;
    }

    private void HandleAnswered(IChannel server)
    {
        _record.ConnectMicroseconds = Loop.NowMicroseconds - _dialledAtMicroseconds;
        BeginRelaying(_client, server);
    }

    private void BeginRelaying(IChannel client, IChannel server)
    {
        _deadline.Cancel();
        Inspect(ref client, ref server);
        var relay = new Relay(Loop, client, server, _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        _record.Relay = relay;
        _record.Phase = ConnectionPhase.Relaying;
        Become(Relaying);
        _frontend.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        relay.Start(_unread);
        _unread = [];
    }

    private void TryAnother(EndReason reason, string text, ServerOutcome? outcome = null)
    {
        _dial?.Abandon();
        _secured?.Abort();
        _secured = null;
        _race!.End(outcome);
        _race = null;
        _record.Attempts = _tried.Count;
        _lastFailure = (reason, text);
        if (_retries >= _settings.MaximumRetries)
        {
            End(reason, _retries > 0 ? $"{text}; {_tried.Count} servers were tried" : text);
            return;
        }

        _retries++;
        AskForServer();
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
        ConnectionLog.Write(_frontend.Log, _record, _record.Server ?? _settings.TargetText);
        Context.Stop(Self);
    }

    // A client that goes away before the server has said anything says nothing of the server.
    private ServerOutcome? LastOutcome() => _record switch
    {
        { Relay: null } => null,
        { Reason: EndReason.ResetByUpstream, BytesFromUpstream: 0 } => ServerOutcome.ResetEarly,
        { BytesFromUpstream: > 0 } or { Reason: EndReason.Completed } => ServerOutcome.Answered,
        _ => null,
    };

    private void SetDeadline(TimeSpan time)
    {
        _dueMicroseconds = Loop.NowMicroseconds + (time.Ticks / TimeSpan.TicksPerMicrosecond);
        _deadline.Set(_dueMicroseconds);
    }

    private const long NotBegun = -1;
}
