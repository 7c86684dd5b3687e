using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One connection of a plain relay. Targets are tried in turn until one answers: nothing was sent yet. States: resolving → connecting →
/// relaying → half-closed → stopped.
/// </summary>
internal sealed class RelayConnectionActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly IAcceptedConnection _accepted;
    private readonly RelayFrontendSettings _settings;
    private readonly FrontendCounters _counters;
    private readonly ILoggingAdapter _log;
    private readonly IChannel _client;
    private readonly ClientEvents _clientEvents;
    private readonly long _startedAt;
    private readonly Queue<Destination> _targets;
    private Dial? _dial;
    private Relay? _relay;

    /// <summary>Takes the connection over at once.</summary>
    /// <param name="firstTarget">The number of the target to begin with.</param>
    public RelayConnectionActor(
        NodeEnvironment environment, IAcceptedConnection accepted, RelayFrontendSettings settings, int firstTarget, FrontendCounters counters)
    {
        _environment = environment;
        _accepted = accepted;
        _settings = settings;
        _counters = counters;
        _log = Context.GetLogger();
        _startedAt = Context.System.TimeProvider.GetTimestamp();
        _clientEvents = new ClientEvents(Self);
        _client = Loop.Adopt(accepted, _clientEvents);
        _targets = new Queue<Destination>(settings.Targets.Skip(firstTarget).Concat(settings.Targets.Take(firstTarget)));
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record Resolved(IPAddress[] Addresses);

    private sealed record ClientGone(TransportFault Fault);

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    protected override void PreStart()
    {
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Timeouts.Connect);
        TryNext(EndReason.NoUpstream, "");
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

    private void Resolving(Destination target)
    {
        Receive<Resolved>(resolved => DialAny(target, resolved.Addresses));
        Receive<Status.Failure>(failure => TryNext(EndReason.NameNotFound, failure.Cause.Message));
        ReceiveWhileOpening(target);
    }

    private void Connecting(Destination target)
    {
        Receive<Dial.Dialed>(dialed => HandleDialed(target, dialed));
        Receive<Dial.DialFailed>(failed => TryNext(failed.Failure.Reason.ToEndReason(), failed.Failure.ToString()));
        ReceiveWhileOpening(target);
    }

    private void Relaying(Destination target)
    {
        Receive<RelayEvents.HalfClosed>(_ => Become(() => HalfClosed(target)));
        Receive<RelayEvents.Ended>(ended => End(ended.Reason, target.ToString(), ended.End.Fault.Text ?? ""));
    }

    private void HalfClosed(Destination target) =>
        Receive<RelayEvents.Ended>(ended => End(ended.Reason, target.ToString(), ended.End.Fault.Text ?? ""));

    private void ReceiveWhileOpening(Destination target)
    {
        Receive<ClientGone>(gone => End(EndReason.ResetByClient, target.ToString(), gone.Fault.Text));
        Receive<Timer>(_ => End(EndReason.ConnectTimeout, target.ToString(), "no connection in time"));
    }

    private void TryNext(EndReason lastReason, string lastText)
    {
        if (!_targets.TryDequeue(out var target))
        {
            End(lastReason, string.Join(',', _settings.Targets), lastText);
            return;
        }

        if (target.Address is { } address)
        {
            DialAny(target, [address]);
            return;
        }

        Become(() => Resolving(target));
        _ = _environment.Resolver.ResolveAsync(target.Name!, CancellationToken.None).PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    private void DialAny(Destination target, IPAddress[] addresses)
    {
        if (addresses.Length == 0)
        {
            TryNext(EndReason.NameNotFound, $"{target.Name} has no address");
            return;
        }

        Become(() => Connecting(target));

        // What is left of the time is shared with the targets behind this one, so that a silent one does not use it up.
        var left = _settings.Timeouts.Connect - Context.System.TimeProvider.GetElapsedTime(_startedAt);
        _dial = new Dial(Self, Loop, addresses.Select(address => new IPEndPoint(address, target.Port)), left / (_targets.Count + 1));
    }

    private void HandleDialed(Destination target, Dial.Dialed dialed)
    {
        if (_clientEvents.Fault is { } gone)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(EndReason.ResetByClient, target.ToString(), gone.Text);
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            TryNext(EndReason.ResetByUpstream, fault.Text);
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        _relay = new Relay(Loop, _client, _dial!.Take(), _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        _counters.Add(_relay);
        Become(() => Relaying(target));
        _relay.Start();
    }

    private void End(EndReason reason, string target, string detail)
    {
        var duration = Context.System.TimeProvider.GetElapsedTime(_startedAt);
        ConnectionLog.Write(_log, reason, ConnectionLog.Line(_settings.Name, _accepted.RemoteEndPoint, target, reason, detail, _relay, duration));
        Context.Stop(Self);
    }

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
