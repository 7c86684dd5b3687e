namespace Proxy.TestKit;

/// <summary>Drops each packet with the same probability, independently.</summary>
public sealed class LossRule(double probability) : NetworkRule
{
    protected override Verdict Decide(in Packet packet, Random random) => random.NextDouble() < probability ? Verdict.Drop : Verdict.Pass;
}

/// <summary>With a probability lets a second copy arrive, <paramref name="spacing"/> after the first.</summary>
public sealed class DuplicationRule(double probability, TimeSpan spacing = default) : NetworkRule
{
    protected override Verdict Decide(in Packet packet, Random random) =>
        random.NextDouble() < probability ? Verdict.Duplicate(TimeSpan.Zero, spacing) : Verdict.Pass;
}

/// <summary>With a probability holds a packet back by <paramref name="extraDelay"/>, so that later ones overtake it.</summary>
public sealed class ReorderingRule(double probability, TimeSpan extraDelay) : NetworkRule
{
    protected override Verdict Decide(in Packet packet, Random random) =>
        random.NextDouble() < probability ? Verdict.Deliver(extraDelay) : Verdict.Pass;
}
