using Proxy.Kernel;
using Proxy.Policy.Routes;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>What the connections of a frontend that go through tunnels and chains share. Any thread.</summary>
/// <param name="Frontend">What they count for.</param>
/// <param name="Destination">Null: the server has a target of its own, and no header is sent.</param>
internal sealed record OutboundPlan(NodeEnvironment Environment, Frontend Frontend, FrontendSettings Settings, Destination? Destination)
{
    /// <summary>Whether datagrams go that way, in place of bytes.</summary>
    public bool IsUdp { get; init; }

    /// <summary>The one way there is; null: <see cref="Routes"/> says which.</summary>
    public ChainWay? Way { get; init; }

    /// <summary>Which way connections go; null: <see cref="Way"/> is there.</summary>
    public RouteTable? Routes { get; init; }

    /// <summary>Who knows the chains of each set that the routes name.</summary>
    public IReadOnlyDictionary<string, ChainSetPart> ChainSets { get; init; } = new Dictionary<string, ChainSetPart>(StringComparer.Ordinal);

    /// <summary>Whether the last hop is told who the connection is for.</summary>
    public bool TellsSource { get; init; }

    /// <summary>For clients that say themselves where they want to go; <see cref="Destination"/> is put in for each then. Null: they say nothing.</summary>
    public ForwardProxy? Proxy { get; init; }
}
