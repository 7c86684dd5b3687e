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
    public static async Task<int> RunAsync(int megabytes, bool isKept)
    {
        using var signals = new Hosting.StopSignals();
        Say($"TcpProxy demo: a file of {megabytes} MiB through a sealed KCP tunnel, everything on 127.0.0.1");
        await using var web = await DemoWebServer.StartAsync(megabytes);
        Say($"web server      http://127.0.0.1:{web.Port}/file, {megabytes} MiB of random bytes");

        var state = Directory.CreateTempSubdirectory("tcpproxy-demo-");
        try
        {
            return await RunAsync(megabytes, isKept, web, state.FullName, signals);
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    private static async Task<int> RunAsync(int megabytes, bool isKept, DemoWebServer web, string state, Hosting.StopSignals signals)
    {
        var key = Path.Combine(state, "key");
        if (KeygenCommand.WriteFile(key) is not ExitCodes.Done and var failed)
        {
            return failed;
        }

        Say($"key             tcpproxy keygen --out {key}");
        using var server = await DemoNode.StartAsync(
            "server", "--key-file", key, "--state-dir", state, "--listen", "kcp://127.0.0.1:0", "--allow-destination", "127.0.0.0/8", "--admin", "127.0.0.1:0");
        Say($"proxy server    {server.Listening("kcp")}, allowed to reach 127.0.0.0/8");

        using var client = await DemoNode.StartAsync(
            "client", "--key-file", key, "--server", server.Listening("kcp"), "--forward", $"127.0.0.1:0=127.0.0.1:{web.Port}", "--admin", "127.0.0.1:0");
        Say($"proxy client    {client.Listening("tcp")} -> tunnel -> 127.0.0.1:{web.Port}");
        Say($"admin           {client.Listening("http")}/status (client), {server.Listening("http")}/status (server)");

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
            Say($"                        {Environment.ProcessPath} status --admin {client.Listening("http")}");
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
