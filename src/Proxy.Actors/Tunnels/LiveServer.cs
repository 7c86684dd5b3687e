namespace Proxy.Actors;

/// <summary>
/// One server of a node as it is now: its listeners and tunnels ask here for each tunnel and each stream, so that what is changed is in force for
/// the next one. One thread changes it, any reads.
/// </summary>
internal sealed class LiveServer(ServerSettings settings, Frontend egress)
{
    private volatile Terms _terms = new(settings, egress);

    public ServerSettings Settings => _terms.Settings;

    /// <summary>What its streams count for.</summary>
    public Frontend Egress => _terms.Egress;

    public void Change(ServerSettings changed, Frontend egress)
    {
        egress.Principals?.Change(changed);
        _terms = new Terms(changed, egress);
    }

    private sealed record Terms(ServerSettings Settings, Frontend Egress);
}
