using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One connection of a plain relay. Servers are asked for and tried one after the other until one answers: nothing was sent yet. States:
/// (awaiting header) → picking → connecting → relaying → half-closed → stopped.
/// </summary>
/// <remarks>One of these is made for each connection, so its states are switches and not tables: they cost nothing to enter.</remarks>
internal sealed partial class RelayConnectionActor : UntypedActor
{
    private readonly Frontend _frontend;
    private readonly RelayFrontendSettings _settings;
    private readonly IActorRef _upstream;
    private readonly ConnectionRecord _record;
    private readonly ClientPreamble _preamble;
    private readonly IDeadline _deadline;
    private readonly List<UpstreamServer> _tried = [];
    private readonly IChannel _client;
    private byte[] _unread = [];
    private long _dueMicroseconds;
    private long _openingSinceMicroseconds;
    private long _dialledAtMicroseconds;
    private (EndReason Reason, string Text)? _lastFailure;
    private Dial? _dial;

    /// <summary>Takes the connection over at once.</summary>
    /// <param name="upstream">The <see cref="UpstreamActor"/> that has the servers.</param>
    public RelayConnectionActor(IAcceptedConnection accepted, Frontend frontend, RelayFrontendSettings settings, IActorRef upstream)
    {
        _frontend = frontend;
        _settings = settings;
        _upstream = upstream;
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
            BeginOpening();
        }
    }

    protected override void PostStop()
    {
        _deadline.Cancel();
        _dial?.Abandon();
        if (_record.Relay is { } relay)
        {
            relay.Abort();
        }
        else
        {
            _client.Abort();
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
                HandlePicked(picked);
                break;
            case UpstreamActor.Queued:
                // The queue tells when the time is up; the deadline behind it is for a queue that was lost with its actor.
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
                TryAnother(failure.Reason.ToEndReason(), failure.ToString(), failure.Reason.ToServerOutcome());
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
            case DeadlinePassed or ClientPreamble.Gone:
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
        _record.Phase = ConnectionPhase.Queued;
        Become(Picking);
        _upstream.Tell(new UpstreamActor.Pick(_record.Client.Address, [.. _tried]));
    }

    private void HandlePicked(UpstreamActor.Picked picked)
    {
        if (_openingSinceMicroseconds == NotBegun)
        {
            // The time in the queue is not the server's.
            _openingSinceMicroseconds = Loop.NowMicroseconds;
            SetDeadline(_settings.Timeouts.Connect);
        }

        _tried.Add(picked.Server);
        _record.Server = picked.Name;
        _record.Attempts++;
        _record.Phase = ConnectionPhase.Connecting;
        _dialledAtMicroseconds = Loop.NowMicroseconds;
        _record.WaitMicroseconds ??= _dialledAtMicroseconds - _record.StartMicroseconds;
        Become(Connecting);

        // What is left of the time is shared with some of the servers that may follow, so that a silent one does not use it up.
        var left = _settings.Timeouts.Connect - TimeSpan.FromMicroseconds(Loop.NowMicroseconds - _openingSinceMicroseconds);
        var shares = Math.Min(picked.OthersLeft, MaximumShares - 1) + 1;
        _dial = new Dial(Self, Loop, [picked.Address], left / shares);
    }

    private void HandleDialed(Dial.Dialed dialed)
    {
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

        _upstream.Tell(UpstreamActor.Connected.Instance);
        _record.ConnectMicroseconds = Loop.NowMicroseconds - _dialledAtMicroseconds;
        var server = _dial!.Take();
        SendHeader(server);
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

    private void TryAnother(EndReason reason, string text, ServerOutcome? outcome)
    {
        _dial!.Abandon();
        _lastFailure = (reason, text);
        _upstream.Tell(new UpstreamActor.Failed(outcome));
        if (_tried.Count >= MaximumAttempts)
        {
            End(reason, $"{text}; {MaximumAttempts} servers were tried");
            return;
        }

        AskForServer();
    }

    private void HandleEnded(RelayEvents.Ended ended)
    {
        if (ended.Reason == EndReason.ResetByUpstream && _record.BytesFromUpstream == 0)
        {
            _upstream.Tell(new UpstreamActor.Failed(ServerOutcome.ResetEarly));
        }

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

    private void SetDeadline(TimeSpan time)
    {
        _dueMicroseconds = Loop.NowMicroseconds + (time.Ticks / TimeSpan.TicksPerMicrosecond);
        _deadline.Set(_dueMicroseconds);
    }

    // Enough to get past a rack that is gone; each attempt costs the connection a search through all servers.
    private const int MaximumAttempts = 16;

    // A dial gets a quarter of the connect deadline at the least, however many servers there are.
    private const int MaximumShares = 4;

    private const long NotBegun = -1;
}
