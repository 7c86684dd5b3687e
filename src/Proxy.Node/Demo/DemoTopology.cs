namespace Proxy.Node.Demo;

/// <summary>What the demo starts: a seed, servers that register with it, and a client that finds them there; without a seed one server that is named.</summary>
internal static class DemoTopology
{
    public static readonly string[] ServerNames = ["server-1", "server-2"];

    public static string[] Seed => ["--listen", "http://127.0.0.1:0"];

    public static string[] Server(string name, string key, string state, string? cluster) =>
    [
        "server", "--name", name, "--key-file", key, "--state-dir", state, "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8",
        .. cluster is null ? Array.Empty<string>() : ["--cluster", cluster], "--admin", "127.0.0.1:0",
    ];

    /// <param name="way">The engine's URL, or the server's.</param>
    public static string[] Client(string key, bool isCluster, string way, int port) =>
        ["client", "--name", "client", "--key-file", key, isCluster ? "--cluster" : "--server", way, "--forward", $"127.0.0.1:0=127.0.0.1:{port}", "--admin", "127.0.0.1:0"];
}
