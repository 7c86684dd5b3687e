using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Networks of several hosts on one switch, 10.8.0.1 and so on; between any two of them everything can be dropped.</summary>
internal sealed class SwitchedNetwork : IDisposable
{
    private readonly NetworkNamespace _switch;
    private readonly List<NetworkNamespace> _hosts = [];

    private SwitchedNetwork(NetworkNamespace center)
    {
        _switch = center;
    }

    public IReadOnlyList<NetworkNamespace> Hosts => _hosts;

    public static IPAddress AddressOf(int host) => IPAddress.Parse($"10.8.0.{host + 1}");

    public static async Task<SwitchedNetwork> CreateAsync(int hosts)
    {
        var network = new SwitchedNetwork(await NetworkNamespace.CreateAsync());
        try
        {
            await network._switch.ExecuteAsync("ip", "link", "add", "bridge0", "type", "bridge");
            await network._switch.ExecuteAsync("ip", "link", "set", "bridge0", "up");
            for (var host = 0; host < hosts; host++)
            {
                await network.AddAsync(host);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>From now on nothing passes between that host and these.</summary>
    public async Task CutAsync(int host, params int[] others)
    {
        var addresses = string.Join(", ", others.Select(AddressOf));
        await _hosts[host].ExecuteAsync(
            "nft",
            "add table inet cut; add chain inet cut input { type filter hook input priority 0; }; add chain inet cut output { type filter hook output priority 0; }; "
            + $"add rule inet cut input ip saddr {{ {addresses} }} drop; add rule inet cut output ip daddr {{ {addresses} }} drop");
    }

    /// <summary>Everything passes again.</summary>
    public Task HealAsync(int host) => _hosts[host].ExecuteAsync("nft", "delete table inet cut");

    public void Dispose()
    {
        _hosts.ForEach(host => host.Dispose());
        _switch.Dispose();
    }

    private async Task AddAsync(int number)
    {
        var host = await NetworkNamespace.CreateAsync();
        _hosts.Add(host);
        await _switch.ExecuteAsync("ip", "link", "add", $"port{number}", "type", "veth", "peer", "name", "eth0", "netns", host.Path);
        await _switch.ExecuteAsync("ip", "link", "set", $"port{number}", "master", "bridge0", "up");
        await host.ExecuteAsync("ip", "address", "add", $"{AddressOf(number)}/24", "dev", "eth0");
        await host.ExecuteAsync("ip", "link", "set", "eth0", "up");
    }
}
