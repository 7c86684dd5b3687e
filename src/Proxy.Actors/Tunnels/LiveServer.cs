using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>
/// One server of a node as it is now: its listeners and tunnels ask here for each tunnel and each stream, so that what is changed is in force for
/// the next one. One thread changes it, any reads.
/// </summary>
internal sealed class LiveServer
{
    private readonly NodeEnvironment _environment;
    private readonly ChainReplays _replays;
    private volatile EgressPlan _streams;

    public LiveServer(NodeEnvironment environment, ServerSettings settings, Frontend egress, ChainReplays replays)
    {
        (_environment, _replays) = (environment, replays);
        _streams = PlanOf(settings, egress);
    }

    public ServerSettings Settings => _streams.Settings;

    public ClusterDoor Cluster => _environment.Cluster;

    /// <summary>What its streams count for.</summary>
    public Frontend Egress => _streams.Egress;

    /// <summary>How it goes on where it does not dial.</summary>
    public OnwardWays Onward { get; } = new();

    /// <summary>For the streams of tunnels.</summary>
    public EgressPlan Streams => _streams;

    public void Change(ServerSettings changed, Frontend egress)
    {
        egress.Principals?.Change(changed);
        _streams = PlanOf(changed, egress);
    }

    /// <summary>
    /// The tunnel has proved who its client is, and takes headers in the open; where the client is a hop before this one, the header behind it is sealed for
    /// this hop by who began the chain.
    /// </summary>
    private EgressPlan PlanOf(ServerSettings settings, Frontend egress) => new(
        _environment,
        settings,
        egress,
        settings.Native is { } native ? new ChainGate(native.Keys.Keys, takesOpen: true, _replays) : ChainGate.OpenOnly,
        Onward);
}
