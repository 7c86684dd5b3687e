using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>One hop of a chain, as who calls through it knows it.</summary>
/// <param name="Address">Where it is, for the hop before it; for the first one, for us.</param>
/// <param name="Key">What its headers are sealed with; null: they go in the open.</param>
public sealed record ChainHop(Destination Address, PresharedKey? Key)
{
    public override string ToString() => $"chain://{Address}";
}
