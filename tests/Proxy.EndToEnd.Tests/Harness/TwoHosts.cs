using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Two networks with a wire between them, as two machines have: the proxy client belongs to the near one, the server to the far one.</summary>
internal sealed class TwoHosts : IDisposable
{
    /// <summary>The near end of the wire.</summary>
    public const string NearDevice = "near0";

    public const string FarDevice = "far0";

    private TwoHosts(NetworkNamespace near, NetworkNamespace far)
    {
        Near = near;
        Far = far;
    }

    public NetworkNamespace Near { get; }

    public NetworkNamespace Far { get; }

    public static IPAddress FarAddress { get; } = IPAddress.Parse("10.9.0.2");

    public static async Task<TwoHosts> CreateAsync()
    {
        var near = await NetworkNamespace.CreateAsync();
        var hosts = new TwoHosts(near, await NetworkNamespace.CreateAsync());
        try
        {
            await near.ExecuteAsync("ip", "link", "add", NearDevice, "type", "veth", "peer", "name", FarDevice, "netns", hosts.Far.Path);
            await hosts.SetNearAddressAsync("10.9.0.1");
            await hosts.Far.ExecuteAsync("ip", "address", "add", $"{FarAddress}/24", "dev", FarDevice);
            await ComeUpAsync(near, NearDevice);
            await ComeUpAsync(hosts.Far, FarDevice);
            return hosts;
        }
        catch
        {
            hosts.Dispose();
            throw;
        }
    }

    /// <summary>The one address that the near host has from now on.</summary>
    public async Task SetNearAddressAsync(string address)
    {
        await Near.ExecuteAsync("ip", "address", "flush", "dev", NearDevice);
        await Near.ExecuteAsync("ip", "address", "add", $"{address}/24", "dev", NearDevice);
    }

    /// <summary>From now on both ends lose larger UDP payloads than that, without a word.</summary>
    public async Task DropLargerPayloadsAsync(int bytes)
    {
        const int UdpHeaderBytes = 8;
        var rules = $"add table inet cut; add chain inet cut input {{ type filter hook input priority 0; }}; add rule inet cut input udp length > {bytes + UdpHeaderBytes} drop";
        await Near.ExecuteAsync("nft", rules);
        await Far.ExecuteAsync("nft", rules);
    }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }

    // What is sent in segments is cut before the wire, so that the other end sees the datagrams; and the wire is no faster than a wire.
    private static async Task ComeUpAsync(NetworkNamespace end, string device)
    {
        await end.ExecuteAsync("ip", "link", "set", device, "gso_max_segs", "1", "up");
        await end.ExecuteAsync("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", "60mbit", "burst", "32kb", "latency", "50ms");
    }
}
