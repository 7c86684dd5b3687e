namespace Proxy.Policy.Balancing;

/// <summary>
/// One connection's place at a server, from the pick to the connection's end. Given back exactly once: a second time changes nothing.
/// Belongs to the owner of the group it came from.
/// </summary>
public sealed class ServerLease
{
    private UpstreamGroup? _group;

    internal ServerLease(UpstreamGroup group, UpstreamServer server)
    {
        _group = group;
        Server = server;
    }

    public UpstreamServer Server { get; }

    /// <summary>Whether it was not given back yet.</summary>
    public bool IsHeld => _group is not null;

    /// <summary>Ends the lease; whoever waits for a server is then to be served (<see cref="ConnectionQueue{TWaiter}.TryServe"/>).</summary>
    public void Return()
    {
        var group = _group;
        _group = null;
        group?.HandleReturned(Server);
    }
}
