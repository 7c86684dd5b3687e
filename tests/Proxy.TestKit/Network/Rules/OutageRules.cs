namespace Proxy.TestKit;

/// <summary>Drops all between two hosts, in both directions, while it is installed.</summary>
public sealed class PartitionRule(SimulatedHost left, SimulatedHost right) : NetworkRule
{
    protected override Verdict Decide(in Packet packet, Random random) => packet.IsBetween(left, right) ? Verdict.Drop : Verdict.Pass;
}

/// <summary>Drops all that is sent from <paramref name="begin"/> until before <paramref name="end"/>, by the world's clock.</summary>
public sealed class BlackoutRule(TimeSpan begin, TimeSpan end) : NetworkRule
{
    protected override Verdict Decide(in Packet packet, Random random) =>
        packet.Time >= begin && packet.Time < end ? Verdict.Drop : Verdict.Pass;
}

/// <summary>Drops one packet: the <paramref name="number"/>-th that matches, counted from 1.</summary>
public sealed class DropNthRule(int number, Func<Packet, bool> predicate) : NetworkRule
{
    private int _matches;

    protected override Verdict Decide(in Packet packet, Random random) => predicate(packet) && ++_matches == number ? Verdict.Drop : Verdict.Pass;
}
