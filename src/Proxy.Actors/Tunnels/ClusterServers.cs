using Proxy.Cluster.Members;
using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>
/// The cluster's servers that one pool keeps tunnels to: which are to be there by the members, and how much each takes. What is left goes only when
/// another can take its place. Pure; time is the loop's.
/// </summary>
internal sealed class ClusterServers(ClusterPoolSettings settings, bool isNative)
{
    private readonly MemberChoice _choice = new(settings.Client, settings.Servers, settings.Zone);
    private readonly List<ClusterServer> _servers = [];

    public IReadOnlyList<ClusterServer> Servers => _servers;

    /// <summary>Goes by the members as they are now.</summary>
    /// <param name="isSuspect">Whether the member of that name is silent.</param>
    /// <returns>Those that are new, in the order of the choice.</returns>
    public IReadOnlyList<ClusterServer> Update(MemberView view, Func<string, bool> isSuspect)
    {
        var usable = view.Up.Where(member => AddressesOf(member).Length > 0).ToArray();
        if (usable.Length == 0)
        {
            // Nobody knows better ones than those that are there.
            return [];
        }

        var added = new List<ClusterServer>();
        var wanted = new HashSet<ClusterServer>();
        var average = Rendezvous.AverageWeight(usable);
        foreach (var member in _choice.Choose(usable, isSuspect))
        {
            var addresses = AddressesOf(member);
            var server = _servers.Find(known => !known.IsDropped && known.Name == member.Name && known.Server.Addresses.SequenceEqual(addresses));
            if (server is null)
            {
                server = new ClusterServer(member.Name, new TunnelServer(addresses));
                server.Load.Begin(member.Record.Load.Streams);
                added.Add(server);
            }

            server.Weight = Rendezvous.WeightOf(member, average);
            server.IsNear = settings.Zone.Length > 0 && member.Record.Zone == settings.Zone;
            server.IsLeft = false;
            wanted.Add(server);
        }

        foreach (var server in _servers.Where(server => !wanted.Contains(server)))
        {
            server.IsLeft = true;
        }

        _servers.AddRange(added);
        return added;
    }

    /// <summary>Those that are to be drained now; they are not among the servers any more.</summary>
    /// <param name="isOpen">Whether the server takes streams.</param>
    public IReadOnlyList<ClusterServer> TakeDropped(Func<ClusterServer, bool> isOpen)
    {
        if (!_servers.Exists(server => !server.IsLeft && isOpen(server)))
        {
            return [];
        }

        var dropped = _servers.FindAll(server => server.IsLeft);
        dropped.ForEach(server => server.IsDropped = true);
        _servers.RemoveAll(server => server.IsLeft);
        return dropped;
    }

    /// <summary>Whose address that is; null: that of none which is there now.</summary>
    public ClusterServer? Of(TunnelAddress address) => _servers.Find(server => server.Server.Addresses.Contains(address));

    // What later versions have is passed over, and so is what this client does not speak.
    private TunnelAddress[] AddressesOf(Member member)
    {
        var addresses = new List<TunnelAddress>();
        foreach (var advertised in member.Record.Roles.Contains(ServerRole) ? member.Record.Addresses : [])
        {
            TunnelTransport? transport = advertised.Transport switch
            {
                "kcp" => TunnelTransport.Kcp,
                "tcp" when isNative => TunnelTransport.Tcp,
                "tls" when isNative => TunnelTransport.Tls,
                _ => null,
            };
            if (transport is { } known && Destination.TryParse(advertised.Address, out var destination) && new TunnelAddress(known, destination) is var address
                && !addresses.Contains(address))
            {
                addresses.Add(address);
            }
        }

        return [.. addresses];
    }

    /// <summary>What members are that take tunnels.</summary>
    public const string ServerRole = "server";
}

/// <summary>One of them.</summary>
internal sealed class ClusterServer(string name, TunnelServer server)
{
    public string Name { get; } = name;

    public TunnelServer Server { get; } = server;

    /// <summary>What it can take beside the others.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>How busy it is.</summary>
    public ServerLoad Load { get; } = new();

    /// <summary>Whether it is in the client's own zone.</summary>
    public bool IsNear { get; set; }

    /// <summary>Whether others are to take its place.</summary>
    public bool IsLeft { get; set; }

    /// <summary>Whether it is gone from the pool.</summary>
    public bool IsDropped { get; set; }

    /// <summary>When its first tunnel was up; null: none has been.</summary>
    public long? ReadyMicroseconds { get; set; }

    /// <summary>How much of its part it takes now: a new one begins with little, and has all of it after 10 s.</summary>
    public double WeightAt(long nowMicroseconds)
    {
        var age = nowMicroseconds - (ReadyMicroseconds ?? nowMicroseconds);
        return Weight * Math.Clamp((double)age / SlowStartMicroseconds, LeastPart, 1);
    }

    private const long SlowStartMicroseconds = 10_000_000;
    private const double LeastPart = 0.05;
}
