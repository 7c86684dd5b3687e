using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Dials;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One connection of a plain relay. Servers are asked for and tried one after the other until one answers: nothing was sent yet. States:
/// picking → connecting → relaying → half-closed → stopped.
/// </summary>
internal sealed class RelayConnectionActor : ReceiveActor
{
    private readonly IAcceptedConnection _accepted;
    private readonly RelayFrontendSettings _settings;
    private readonly IActorRef _upstream;
    private readonly FrontendCounters _counters;
    private readonly ILoggingAdapter _log;
    private readonly IChannel _client;
    private readonly ClientEvents _clientEvents;
    private readonly long _startedAt;
    private readonly List<UpstreamServer> _tried = [];
    private long _deadlineBeganAt;
    private bool _isQueued;
    private (EndReason Reason, string Text)? _lastFailure;
    private Dial? _dial;
    private Relay? _relay;

    /// <summary>Takes the connection over at once.</summary>
    /// <param name="upstream">The <see cref="UpstreamActor"/> that has the servers.</param>
    public RelayConnectionActor(IAcceptedConnection accepted, RelayFrontendSettings settings, IActorRef upstream, FrontendCounters counters)
    {
        _accepted = accepted;
        _settings = settings;
        _upstream = upstream;
        _counters = counters;
        _log = Context.GetLogger();
        _startedAt = Context.System.TimeProvider.GetTimestamp();
        _clientEvents = new ClientEvents(Self);
        _client = Loop.Adopt(accepted, _clientEvents);
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record ClientGone(TransportFault Fault);

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    protected override void PreStart()
    {
        BeginDeadline();
        AskForServer();
    }

    protected override void PostStop()
    {
        _dial?.Abandon();
        if (_relay is null)
        {
            _client.Abort();
        }
        else
        {
            _relay.Abort();
            _counters.Remove(_relay);
        }
    }

    // States

    private void Picking()
    {
        Receive<UpstreamActor.Picked>(HandlePicked);
        Receive<UpstreamActor.Queued>(_ => HandleQueued());
        Receive<UpstreamActor.Unavailable>(unavailable =>
        {
            var (reason, text) = _lastFailure ?? (unavailable.Reason, unavailable.Text);
            End(reason, _settings.TargetText, text);
        });
        ReceiveWhileOpening(_settings.TargetText);
    }

    private void Connecting(string server)
    {
        Receive<Dial.Dialed>(dialed => HandleDialed(server, dialed));
        Receive<Dial.DialFailed>(failed => HandleDialFailed(server, failed.Failure));
        ReceiveWhileOpening(server);
    }

    private void Relaying(string server)
    {
        Receive<RelayEvents.HalfClosed>(_ => Become(() => HalfClosed(server)));
        Receive<RelayEvents.Ended>(ended => HandleEnded(server, ended));
    }

    private void HalfClosed(string server) => Receive<RelayEvents.Ended>(ended => HandleEnded(server, ended));

    private void ReceiveWhileOpening(string server)
    {
        Receive<ClientGone>(gone => End(EndReason.ResetByClient, server, gone.Fault.Text));
        Receive<Timer>(_ => End(EndReason.ConnectTimeout, server, "no connection in time"));
    }

    private void BeginDeadline()
    {
        _deadlineBeganAt = Context.System.TimeProvider.GetTimestamp();
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Timeouts.Connect);
    }

    private void AskForServer()
    {
        Become(Picking);
        _upstream.Tell(new UpstreamActor.Pick(_accepted.RemoteEndPoint.Address, [.. _tried]));
    }

    // The queue tells when the time is up; the deadline behind it is for a queue that was lost with its actor.
    private void HandleQueued()
    {
        _isQueued = true;
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Queue.Timeout + _settings.Timeouts.Connect);
    }

    private void HandlePicked(UpstreamActor.Picked picked)
    {
        if (_isQueued)
        {
            // The time in the queue is not the server's.
            _isQueued = false;
            BeginDeadline();
        }

        _tried.Add(picked.Server);
        Become(() => Connecting(picked.Name));

        // What is left of the time is shared with some of the servers that may follow, so that a silent one does not use it up.
        var left = _settings.Timeouts.Connect - Context.System.TimeProvider.GetElapsedTime(_deadlineBeganAt);
        var shares = Math.Min(picked.OthersLeft, MaximumShares - 1) + 1;
        _dial = new Dial(Self, Loop, [picked.Address], left / shares);
    }

    private void HandleDialed(string server, Dial.Dialed dialed)
    {
        if (_clientEvents.Fault is { } gone)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(EndReason.ResetByClient, server, gone.Text);
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            TryAnother(server, EndReason.ResetByUpstream, fault.Text, ServerOutcome.ResetEarly);
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        _upstream.Tell(UpstreamActor.Connected.Instance);
        _relay = new Relay(Loop, _client, _dial!.Take(), _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        _counters.Add(_relay);
        Become(() => Relaying(server));
        _relay.Start();
    }

    private void HandleDialFailed(string server, DialFailure failure) =>
        TryAnother(server, failure.Reason.ToEndReason(), failure.ToString(), failure.Reason.ToServerOutcome());

    private void TryAnother(string server, EndReason reason, string text, ServerOutcome? outcome)
    {
        _dial!.Abandon();
        _lastFailure = (reason, text);
        _upstream.Tell(new UpstreamActor.Failed(outcome));
        if (_tried.Count >= MaximumAttempts)
        {
            End(reason, server, $"{text}; {MaximumAttempts} servers were tried");
            return;
        }

        AskForServer();
    }

    private void HandleEnded(string server, RelayEvents.Ended ended)
    {
        if (ended.Reason == EndReason.ResetByUpstream && _relay!.BytesFromUpstream == 0)
        {
            _upstream.Tell(new UpstreamActor.Failed(ServerOutcome.ResetEarly));
        }

        End(ended.Reason, server, ended.End.Fault.Text ?? "");
    }

    private void End(EndReason reason, string target, string detail)
    {
        var duration = Context.System.TimeProvider.GetElapsedTime(_startedAt);
        ConnectionLog.Write(_log, reason, ConnectionLog.Line(_settings.Name, _accepted.RemoteEndPoint, target, reason, detail, _relay, duration));
        Context.Stop(Self);
    }

    // Enough to get past a rack that is gone; each attempt costs the connection a search through all servers.
    private const int MaximumAttempts = 16;

    // A dial gets a quarter of the connect deadline at the least, however many servers there are.
    private const int MaximumShares = 4;

    /// <summary>A client that resets while its upstream is being dialled. It is not read before, so nothing else can happen.</summary>
    private sealed class ClientEvents(IActorRef owner) : IChannelHandler
    {
        public TransportFault? Fault { get; private set; }

        public void OnConnected(IChannel channel)
        {
            // It came connected.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw Paused();

        public void OnEndOfStream(IChannel channel) => throw Paused();

        public void OnSendDrained(IChannel channel)
        {
            // Nothing was sent.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            Fault = fault;
            owner.Tell(new ClientGone(fault), ActorRefs.NoSender);
        }

        private static InvalidOperationException Paused() => new("Receiving was resumed before the relay had the channel.");
    }
}
