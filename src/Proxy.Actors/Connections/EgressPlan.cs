using Proxy.Protocol.Chains;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>What the streams of one entrance of a server share. Any thread.</summary>
/// <param name="Egress">What they count for.</param>
/// <param name="Gate">How their headers are taken.</param>
/// <param name="Onward">What there is beside dialling.</param>
internal sealed record EgressPlan(NodeEnvironment Environment, ServerSettings Settings, Frontend Egress, ChainGate Gate, OnwardWays Onward)
{
    /// <summary>Ready connections to next hops, by their loop.</summary>
    public IReadOnlyDictionary<IIoLoop, WarmHops> Warm => Environment.Warm;

    /// <summary>How long a connection of its own may say nothing at all.</summary>
    public TimeSpan Silence { get; init; }
}
