using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Traffic;

/// <summary>Real programs at both ends: a file through the tunnel is the same file (64 MiB, 1 GiB in long runs).</summary>
public abstract class CurlAndNginxTests(Dialect dialect) : EndToEndTest
{
    private const long Mebibyte = 1024 * 1024;
    private static readonly TimeSpan CurlBound = Scale.Seconds(inEveryRun: 100, inLongRuns: 800);
    private static readonly Content File = new(Seed: 20, Scale.Pick(64 * Mebibyte, 1024 * Mebibyte));

    [Fact]
    public async Task A_file_downloaded_by_curl_from_nginx_has_the_same_digest_at_both_ends()
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var tunnel = await TunnelPair.StartAsync(dialect, nginx.Address);
        await File.WriteToAsync(Path.Combine(nginx.Files, "file"));
        var received = work.File("received");

        var result = await CommandResult.OfAsync(
            curl, ["--silent", "--show-error", "--fail", "--output", received, $"http://{tunnel.Entry}/file"], CurlBound);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(File.Sha256(), await DigestOfAsync(received));
    }

    [Fact]
    public async Task A_file_uploaded_by_curl_to_nginx_has_the_same_digest_at_both_ends()
    {
        var curl = Executables.RequirePeer("curl");
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var tunnel = await TunnelPair.StartAsync(dialect, nginx.Address);
        var sent = work.File("sent");
        await File.WriteToAsync(sent);

        var result = await CommandResult.OfAsync(
            curl, ["--silent", "--show-error", "--fail", "--upload-file", sent, $"http://{tunnel.Entry}/stored"], CurlBound);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(File.Sha256(), await DigestOfAsync(Path.Combine(nginx.Files, "stored")));
    }

    private async Task<byte[]> DigestOfAsync(string file)
    {
        await using var stream = System.IO.File.OpenRead(file);
        return await SHA256.HashDataAsync(stream, Limit);
    }
}

public sealed class VproxyCurlAndNginxTests() : CurlAndNginxTests(Dialect.Vproxy);

public sealed class NativeCurlAndNginxTests() : CurlAndNginxTests(Dialect.Native);
