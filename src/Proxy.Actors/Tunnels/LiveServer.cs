using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>
/// One server of a node as it is now: its listeners and tunnels ask here for each tunnel and each stream, so that what is changed is in force for
/// the next one. One thread changes it, any reads.
/// </summary>
internal sealed class LiveServer(NodeEnvironment environment, ServerSettings settings, Frontend egress)
{
    private volatile EgressPlan _streams = new(environment, settings, egress, ChainGate.OpenOnly);

    public ServerSettings Settings => _streams.Settings;

    /// <summary>What its streams count for.</summary>
    public Frontend Egress => _streams.Egress;

    /// <summary>For the streams of tunnels.</summary>
    public EgressPlan Streams => _streams;

    public void Change(ServerSettings changed, Frontend egress)
    {
        egress.Principals?.Change(changed);
        _streams = new EgressPlan(environment, changed, egress, ChainGate.OpenOnly);
    }
}
