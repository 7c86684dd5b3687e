namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>A bottleneck, those who share it, and one clock. Seconds and bytes.</summary>
internal sealed class SharedLink
{
    public const double Begin = NativeSide.Begin;

    private readonly List<IFlow> _flows = [];

    /// <param name="megabits">Per second, of everybody together.</param>
    /// <param name="queueBytes">In front of it.</param>
    public SharedLink(double megabits, double queueBytes) =>
        Bottleneck = new Bottleneck { BytesPerSecond = megabits * 125_000, QueueBytes = (int)queueBytes };

    public Bottleneck Bottleneck { get; }

    public double Seconds { get; private set; }

    public IReadOnlyList<IFlow> Flows => _flows;

    /// <summary>What payload the link carries per second where it loses that share behind the bottleneck.</summary>
    public double CarriedBytesPerSecond(double lossRate) =>
        Bottleneck.BytesPerSecond * (1 - lossRate) * ControlledFlow.DatagramBytes / (ControlledFlow.DatagramBytes + Bottleneck.HeaderBytes);

    public T Add<T>(T flow)
        where T : IFlow
    {
        _flows.Add(flow);
        return flow;
    }

    public void DriveFor(double seconds)
    {
        Seconds += seconds;
        var end = Begin + (Seconds * 1_000_000);
        while (true)
        {
            var next = _flows[0];
            foreach (var flow in _flows)
            {
                next = flow.NextMicroseconds < next.NextMicroseconds ? flow : next;
            }

            if (next.NextMicroseconds >= end)
            {
                return;
            }

            next.Run(next.NextMicroseconds);
        }
    }

    /// <summary>Bytes per second of each while that many seconds pass.</summary>
    public double[] Measure(double seconds)
    {
        var before = _flows.ConvertAll(flow => flow.Delivered);
        DriveFor(seconds);
        return [.. _flows.Select((flow, index) => (flow.Delivered - before[index]) / seconds)];
    }

    /// <summary>1: all have the same; 1 / their number: one has everything.</summary>
    public static double Jain(IReadOnlyCollection<double> rates) =>
        rates.Sum() * rates.Sum() / (rates.Count * rates.Sum(rate => rate * rate));
}
