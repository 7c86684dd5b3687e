namespace Proxy.TestKit;

/// <summary>
/// A fault, or a property of a path, as a value: it is asked about every packet between hosts at the moment it is sent. Rules are asked in the
/// order of their installation, and the first verdict other than <see cref="Verdict.Pass"/> counts. What a rule did is counted, so that a test
/// can show that something was really dropped.
/// </summary>
public abstract class NetworkRule
{
    /// <summary>Packets that the rule was asked about.</summary>
    public long Asked { get; private set; }

    public long Dropped { get; private set; }

    /// <summary>Packets that the rule held back by more than nothing.</summary>
    public long Delayed { get; private set; }

    /// <summary>Copies beyond the first.</summary>
    public long Duplicates { get; private set; }

    public static NetworkRule From(Func<Packet, Verdict> decide) => new FunctionRule(decide);

    /// <summary>Several rules as one: a drop wins, delays add up, copies multiply. All parts are asked, also after a drop.</summary>
    public static NetworkRule Together(params NetworkRule[] parts) => new CombinedRule(parts);

    /// <summary>This rule, for packets that match; the others pass it by unseen. Counters of both are right.</summary>
    public NetworkRule Only(Func<Packet, bool> predicate) => new FilteredRule(this, predicate);

    internal Verdict Judge(in Packet packet, Random random)
    {
        Asked++;
        var verdict = Decide(packet, random);
        switch (verdict)
        {
            case Verdict.Dropped:
                Dropped++;
                break;
            case Verdict.Delivered delivered:
                Delayed += delivered.Delays.Any(delay => delay > TimeSpan.Zero) ? 1 : 0;
                Duplicates += Math.Max(0, delivered.Delays.Count - 1);
                break;
        }

        return verdict;
    }

    protected abstract Verdict Decide(in Packet packet, Random random);

    private sealed class FunctionRule(Func<Packet, Verdict> decide) : NetworkRule
    {
        protected override Verdict Decide(in Packet packet, Random random) => decide(packet);
    }

    private sealed class FilteredRule(NetworkRule inner, Func<Packet, bool> predicate) : NetworkRule
    {
        protected override Verdict Decide(in Packet packet, Random random) => predicate(packet) ? inner.Judge(packet, random) : Verdict.Pass;
    }

    private sealed class CombinedRule(NetworkRule[] parts) : NetworkRule
    {
        protected override Verdict Decide(in Packet packet, Random random)
        {
            var result = Verdict.Pass;
            foreach (var part in parts)
            {
                result = Combine(result, part.Judge(packet, random));
            }

            return result;
        }

        private static Verdict Combine(Verdict left, Verdict right) => (left, right) switch
        {
            (Verdict.Dropped, _) or (_, Verdict.Dropped) => Verdict.Drop,
            (Verdict.Delivered first, Verdict.Delivered second) =>
                Verdict.Duplicate([.. first.Delays.SelectMany(_ => second.Delays, (one, other) => one + other)]),
            (Verdict.Passed, _) => right,
            _ => left,
        };
    }
}
