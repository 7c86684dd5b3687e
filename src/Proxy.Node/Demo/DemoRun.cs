using System.Diagnostics;
using System.Security.Cryptography;
using Proxy.Node.Commands;

namespace Proxy.Node.Demo;

/// <summary>
/// The whole path with real processes on 127.0.0.1: a web server in this process, a proxy server and a proxy client beside it, a download
/// through them, and both ends' digests.
/// </summary>
internal static class DemoRun
{
    public static async Task<int> RunAsync(int megabytes, bool isKept, string? seed)
    {
        using var signals = new Hosting.StopSignals();
        Say($"TcpProxy demo: a file of {megabytes} MiB through a sealed KCP tunnel, everything on 127.0.0.1");
        await using var web = await DemoWebServer.StartAsync(megabytes);
        Say($"web server      http://127.0.0.1:{web.Port}/file, {megabytes} MiB of random bytes");

        var state = Directory.CreateTempSubdirectory("tcpproxy-demo-");
        try
        {
            return await RunAsync(megabytes, isKept, seed, web, state.FullName, signals);
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(int megabytes, bool isKept, string? seedProgram, DemoWebServer web, string state, Hosting.StopSignals signals)
    {
        var key = Path.Combine(state, "key");
        if (KeygenCommand.WriteFile(key) is not ExitCodes.Done and var failed)
        {
            return failed;
        }

        Say($"key             tcpproxy keygen --out {key}");
        using var seed = seedProgram is null ? null : await DemoNode.StartProgramAsync(seedProgram, DemoTopology.Seed);
        var cluster = seed?.Listening("http");
        Say(cluster is null ? "no seed         there is no tcpproxy-seed beside this program (--seed FILE): one server, and no cluster" : $"seed            {cluster}");
        var servers = new List<DemoNode>();
        try
        {
            foreach (var name in DemoTopology.ServerNames.Take(cluster is null ? 1 : int.MaxValue))
            {
                servers.Add(await DemoNode.StartAsync(DemoTopology.Server(name, key, Directory.CreateDirectory(Path.Combine(state, name)).FullName, cluster)));
                Say($"proxy server    {servers[^1].Listening("kcp")}, allowed to reach 127.0.0.0/8{(cluster is null ? "" : $", a member as {name}")}");
            }

            return await RunClientAsync(megabytes, isKept, cluster, servers, web, key, signals);
        }
        finally
        {
            servers.ForEach(server => server.Dispose());
        }
    }

    private static async Task<int> RunClientAsync(
        int megabytes, bool isKept, string? cluster, List<DemoNode> servers, DemoWebServer web, string key, Hosting.StopSignals signals)
    {
        using var client = await DemoNode.StartAsync(DemoTopology.Client(key, cluster is not null, cluster ?? servers[0].Listening("kcp"), web.Port));
        Say($"proxy client    {client.Listening("tcp")} -> {(cluster is null ? "tunnel" : "tunnels to the cluster's servers")} -> 127.0.0.1:{web.Port}");
        Say($"admin           {client.Listening("http")}/status (client), {string.Join(", ", servers.Select(server => $"{server.Listening("http")}/status"))} (server)");

        var url = $"http://{client.Listening("tcp")["tcp://".Length..]}/file";
        var (bytes, digest, elapsed) = await DownloadAsync(url);
        var isEqual = digest == web.Digest && bytes == megabytes * 1048576L;
        Say($"download        {bytes / 1e6:0} MB in {elapsed.TotalSeconds:0.00} s, {bytes / 1e6 / elapsed.TotalSeconds:0} MB/s");
        Say($"SHA-256 sent    {web.Digest}");
        Say($"SHA-256 got     {digest}  {(isEqual ? "equal" : "DIFFERENT")}");
        if (isKept)
        {
            Say("");
            Say($"It keeps running. Try:  curl -s {url} | sha256sum");
            Say($"                        {Environment.ProcessPath} status --admin {client.Listening("http")}{(cluster is null ? "" : " --cluster")}");
            Say("Ctrl-C ends it.");
            await signals.First;
        }

        return isEqual ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static void Say(string line) => Console.Out.WriteLine(line);

    private static async Task<(long Bytes, string Digest, TimeSpan Elapsed)> DownloadAsync(string url)
    {
        using var http = new HttpClient();
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var startedAt = Stopwatch.GetTimestamp();
        await using var body = await http.GetStreamAsync(url);
        var buffer = new byte[1 << 18];
        long total = 0;
        while (await body.ReadAsync(buffer) is > 0 and var count)
        {
            sha.AppendData(buffer, 0, count);
            total += count;
        }

        return (total, Convert.ToHexStringLower(sha.GetHashAndReset()), Stopwatch.GetElapsedTime(startedAt));
    }
}
