using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One measurement of a chain, for the set that asked: a stream through all its hops, and a few bytes that come back one after the other. States:
/// entering → opening → probing → stopped.
/// </summary>
internal sealed class ChainProbeActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly ChainWay _way;
    private readonly int _index;
    private readonly OutboundLeg _leg;
    private readonly ProbeCount _count;
    private Dial? _dial;

    public ChainProbeActor(NodeEnvironment environment, ChainWay way, int index)
    {
        (_environment, _way, _index) = (environment, way, index);
        _count = new ProbeCount(Self, Loop);
        _leg = new OutboundLeg(new LegEvents(Self), _count);
        Entering();
    }

    /// <param name="Loss">Of the probes, the share that did not come back in time.</param>
    internal sealed record Measured(int Index, long RoundTripMicroseconds, double Loss);

    /// <summary>The measurement is over, whatever it brought.</summary>
    internal sealed record Done(int Index);

    private sealed record Opened
    {
        public static readonly Opened Instance = new();
    }

    private sealed record Failure(string Text);

    private sealed record Resolved(IPAddress[] Addresses);

    private enum Timer
    {
        Limit,
        Next,
    }

    private IIoLoop Loop => ((LoopDispatcher)Context.Dispatcher).Loop;

    protected override void PreStart()
    {
        Context.Timers.StartSingleTimer(Timer.Limit, Timer.Limit, Limit);
        if (_way.HasTunnel)
        {
            _way.PoolOn(Loop).Actor.Tell(TunnelPoolActor.Acquire.Instance);
        }
        else if (_way.Hops[0].Address is { Address: { } address })
        {
            BeginDial([address]);
        }
        else
        {
            _ = _environment.Resolver.ResolveAsync(_way.Hops[0].Address.Name!, CancellationToken.None)
                .PipeTo(Self, success: addresses => new Resolved(addresses));
        }
    }

    protected override void PostStop()
    {
        if (_way.HasTunnel)
        {
            _way.PoolOn(Loop).Actor.Tell(TunnelPoolActor.Abandon.Instance);
        }

        _dial?.Abandon();
        _leg.Close();
        Context.Parent.Tell(new Done(_index));
    }

    // States

    private void Entering()
    {
        Receive<TunnelPoolActor.Granted>(granted => HandleGranted(granted.Link));
        Receive<TunnelPoolActor.Refused>(refused => Fail(refused.Text));
        Receive<Resolved>(resolved => BeginDial(resolved.Addresses));
        Receive<Status.Failure>(failure => Fail(failure.Cause.Message));
        Receive<Dial.Dialed>(dialed => HandleDialed(dialed));
        Receive<Dial.DialFailed>(failed => Fail(failed.Failure.ToString()));
        Receive<Timer>(_ => Fail("the first hop did not answer"));
    }

    private void Opening()
    {
        Receive<Opened>(_ =>
        {
            _leg.ResumeReceive();
            Become(Probing);
            SendProbe();
        });
        Receive<Failure>(failure => Fail(failure.Text));
        Receive<Timer>(_ => Fail($"no answer within {Limit.TotalSeconds:0.#} s"));
    }

    private void Probing()
    {
        Receive<ProbeCount.Returned>(_ => EndWhenAllAreBack());
        Receive<Failure>(failure => Fail(failure.Text));
        Receive<Timer>(timer => timer == Timer.Next && _count.Sent < Probes, _ => SendProbe());
        Receive<Timer>(_ => End());
    }

    private void BeginDial(IPAddress[] addresses)
    {
        if (addresses.Length == 0)
        {
            Fail("the first hop has no address");
            return;
        }

        var port = _way.Hops[0].Address.Port;
        _dial = new Dial(Self, Loop, addresses.Select(address => new IPEndPoint(address, port)), Limit);
    }

    private void HandleGranted(TunnelLink link)
    {
        if (!link.CanOpen)
        {
            _way.PoolOn(Loop).Actor.Tell(TunnelPoolActor.Acquire.Instance);
            return;
        }

        Become(Opening);
        var path = _way.PathThrough(link, null);
        _leg.Attach(link, path, Call(path));
    }

    private void HandleDialed(Dial.Dialed dialed)
    {
        if (dialed.Watch.Fault is { } fault)
        {
            Fail(fault.Text);
            return;
        }

        Become(Opening);
        var path = _way.PathThrough(null, null);
        var channel = _dial!.Take();
        _dial = null;
        _leg.Attach(channel, path, Call(path));
    }

    private ChainCall Call(ChainPath path) =>
        new(path, _environment.Secrets, Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    private void SendProbe()
    {
        _count.NoteSent();
        _leg.Send(Probe);
        Context.Timers.StartSingleTimer(Timer.Next, Timer.Next, _count.Sent < Probes ? Gap : Patience);
    }

    private void EndWhenAllAreBack()
    {
        if (_count.Times.Count == Probes)
        {
            End();
        }
    }

    private void End()
    {
        if (_count.Times.Count == 0)
        {
            Fail("no probe came back");
            return;
        }

        var times = _count.Times.Order().ToArray();
        Context.Parent.Tell(new Measured(_index, times[times.Length / 2], 1 - ((double)times.Length / Math.Max(Probes, _count.Sent))));
        Context.Stop(Self);
    }

    private void Fail(string text)
    {
        Context.Parent.Tell(new ChainSetActor.Failed(_index, text));
        Context.Stop(Self);
    }

    // 80 bytes each way and a quarter of a second, every ten seconds: nobody notices.
    private const int Probes = 5;
    private static readonly byte[] Probe = new byte[ProbeCount.ProbeBytes];
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(50);

    // What takes longer than this is as good as lost.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private sealed class LegEvents(IActorRef owner) : IOutboundLegOwner
    {
        public void OnOpened() => owner.Tell(Opened.Instance, ActorRefs.NoSender);

        public void OnStreamLost(EndReason reason) => owner.Tell(new Failure($"the tunnel did not take the stream: {reason.Text()}"), ActorRefs.NoSender);

        public void OnRefused(ChainFailure failure) => owner.Tell(new Failure(failure.Text), ActorRefs.NoSender);
    }

    /// <summary>How long probes were under way; they come back in their order. For the loop's thread only, and so is its owner.</summary>
    private sealed class ProbeCount(IActorRef owner, IIoLoop loop) : IChannelHandler
    {
        public const int ProbeBytes = 16;

        private readonly Queue<long> _underWay = new();
        private int _bytes;

        public int Sent { get; private set; }

        public List<long> Times { get; } = [];

        internal sealed record Returned
        {
            public static readonly Returned Instance = new();
        }

        public void NoteSent()
        {
            Sent++;
            _underWay.Enqueue(loop.NowMicroseconds);
        }

        public void OnConnected(IChannel channel)
        {
            // The leg says when it is open.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            for (_bytes += bytes.Length; _bytes >= ProbeBytes && _underWay.TryDequeue(out var sent); _bytes -= ProbeBytes)
            {
                Times.Add(loop.NowMicroseconds - sent);
            }

            owner.Tell(Returned.Instance, ActorRefs.NoSender);
        }

        public void OnEndOfStream(IChannel channel) => owner.Tell(new Failure("the last hop ended the stream"), ActorRefs.NoSender);

        public void OnSendDrained(IChannel channel)
        {
            // Probes are few.
        }

        public void OnFailed(IChannel channel, TransportFault fault) => owner.Tell(new Failure(fault.Text), ActorRefs.NoSender);
    }
}
