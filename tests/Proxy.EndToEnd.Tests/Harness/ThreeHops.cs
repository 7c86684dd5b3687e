using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// A client and three hops of mixed legs, all on 127.0.0.1: a kcp tunnel to the first, and chains without tunnels to the second and the third,
/// each with a key of its own.
/// </summary>
internal sealed class ThreeHops : IAsyncDisposable
{
    private readonly WorkDirectory _work = new();

    private ThreeHops()
    {
    }

    public NodeProcess First { get; private set; } = null!;

    public NodeProcess Second { get; private set; } = null!;

    public NodeProcess Third { get; private set; } = null!;

    public NodeProcess Client { get; private set; } = null!;

    /// <summary>Where the target is reached through all of them.</summary>
    public IPEndPoint Entry => Client.Entries[0];

    public static async Task<ThreeHops> StartAsync(IPEndPoint target, params string[] ofClient)
    {
        var hops = new ThreeHops();
        try
        {
            await hops.MakeKeysAsync();
            hops.First = await ServerAsync("kcp://127.0.0.1:0");
            hops.Second = await ServerAsync(hops.Url(IPEndPoint.Parse("127.0.0.1:0"), "second"));
            hops.Third = await ServerAsync(hops.Url(IPEndPoint.Parse("127.0.0.1:0"), "third"));
            hops.Client = await hops.ClientAsync(target, ofClient);
            return hops;
        }
        catch
        {
            await hops.DisposeAsync();
            throw;
        }
    }

    /// <summary>Another client through the same hops.</summary>
    public Task<NodeProcess> ClientAsync(IPEndPoint target, params string[] more) => NodeProcess.StartAsync(
        ["client", "--server", $"kcp://{First.Kcp}", "--via", Url(Second.Chains, "second"), "--via", Url(Third.Chains, "third"),
            "--forward", $"127.0.0.1:0={target}", "--admin", "127.0.0.1:0", .. more]);

    public string Url(IPEndPoint hop, string key) => $"chain://{hop}?key-file={_work.File(key)}";

    public async ValueTask DisposeAsync()
    {
        foreach (var node in (NodeProcess?[])[Client, Third, Second, First])
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }

        _work.Dispose();
    }

    private static Task<NodeProcess> ServerAsync(string listen) =>
        NodeProcess.StartAsync("server", "--listen", listen, "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0", "--log-level", "debug");

    private async Task MakeKeysAsync()
    {
        foreach (var name in (string[])["second", "third"])
        {
            await CommandResult.OfNodeAsync("keygen", "--out", _work.File(name));
        }
    }
}
