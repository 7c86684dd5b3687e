using Proxy.Actors;
using Proxy.Cluster.Members;

namespace Proxy.Node.Tests.Settings;

/// <summary>A cluster in a file.</summary>
public sealed class ClusterTests : IDisposable
{
    private readonly SettingsText _texts = new();

    public void Dispose() => _texts.Dispose();

    [Fact]
    public void A_cluster_is_what_the_file_says_and_tunnels_have_its_servers()
    {
        var loaded = _texts.Load("""
            tcpproxy {
              node { name = edge }
              cluster { name = west, endpoints = ["http://127.0.0.1:4053", "http://127.0.0.1:4054"], lease = 7s, advertise = "kcp://10.0.0.5:4000", capacity = 10 }
              tunnels { main { cluster = true, cluster-servers = 2, dialect = vproxy, insecure = true } }
              frontends { web { listen = "tcp://127.0.0.1:8080", tunnel = main, to = "10.0.0.9:80" } }
            }
            """);

        var cluster = loaded.Host.Cluster!;
        Assert.Equal(("west", 7, 10L), (cluster.Name, cluster.LeaseSeconds, cluster.Capacity));
        Assert.Equal([new Uri("http://127.0.0.1:4053"), new Uri("http://127.0.0.1:4054")], cluster.Endpoints);
        Assert.Equal([new MemberAddress("kcp", "10.0.0.5:4000")], cluster.Advertised);
        var tunnel = Assert.Single(loaded.Node.Tunnels);
        Assert.Empty(tunnel.Servers);
        Assert.Equal(2, tunnel.Cluster!.Servers);
        Assert.StartsWith("edge/main@", tunnel.Cluster.Client);
    }

    [Fact]
    public void Without_endpoints_there_is_no_cluster() => Assert.Null(_texts.Load("""
        tcpproxy { upstreams { a { servers = ["127.0.0.1:80"] } }, frontends { web { listen = "tcp://127.0.0.1:8080", upstream = a } } }
        """).Host.Cluster);
}
