namespace Proxy.TestKit;

/// <summary>
/// Delays every packet by a fixed time and an even chance of up to <paramref name="jitter"/> more. Jitter does not reorder: what a packet waits,
/// those behind it in the same direction wait too, as in a queue (<see cref="ReorderingRule"/> is for the rest).
/// </summary>
public sealed class LatencyRule(TimeSpan latency, TimeSpan jitter = default) : NetworkRule
{
    private readonly Dictionary<(int From, int To), TimeSpan> _lastExits = [];

    protected override Verdict Decide(in Packet packet, Random random)
    {
        var direction = (packet.FromHost.Number, packet.ToHost.Number);
        var exit = packet.Time + latency + (jitter * random.NextDouble());
        if (_lastExits.TryGetValue(direction, out var lastExit) && lastExit > exit)
        {
            exit = lastExit;
        }

        _lastExits[direction] = exit;
        return Verdict.Deliver(exit - packet.Time);
    }
}
