using Proxy.Kernel;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>What the connections of a frontend that go through tunnels and chains share. Any thread.</summary>
/// <param name="Frontend">What they count for.</param>
/// <param name="Destination">Null: the server has a target of its own, and no header is sent.</param>
internal sealed record OutboundPlan(NodeEnvironment Environment, Frontend Frontend, FrontendSettings Settings, Destination? Destination)
{
    /// <summary>The one way there is; null: <see cref="Chains"/> is asked.</summary>
    public ChainWay? Way { get; init; }

    /// <summary>Who knows the ways there are.</summary>
    public IActorRef? Chains { get; init; }

    /// <summary>Whether the last hop is told who the connection is for.</summary>
    public bool TellsSource { get; init; }

    /// <summary>For clients that say themselves where they want to go; <see cref="Destination"/> is put in for each then. Null: they say nothing.</summary>
    public ForwardProxy? Proxy { get; init; }
}
