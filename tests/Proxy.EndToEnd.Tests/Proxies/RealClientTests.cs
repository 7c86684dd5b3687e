using System.Net.Sockets;
using System.Security.Cryptography;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>Programs that know proxies, through one port that speaks all of them.</summary>
[Collection(OnlyWaits.First)]
public sealed class RealClientTests : EndToEndTest
{
    private static readonly Content File = new(Seed: 61, 4 * 1024 * 1024 + 1);

    [Theory]
    [InlineData("--socks5 {0}")]
    [InlineData("--socks5-hostname {0}")]
    [InlineData("--socks4 {0}")]
    [InlineData("--socks4a {0}")]
    [InlineData("--proxy http://{0}")]
    [InlineData("--proxy http://{0} --proxytunnel")]
    public async Task Curl_fetches_and_stores_a_file_and_its_digest_is_the_same(string proxy)
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var pair = await ProxyPair.StartAsync();
        await File.WriteToAsync(Path.Combine(nginx.Files, "file"));
        string[] through = string.Format(System.Globalization.CultureInfo.InvariantCulture, proxy, pair.Entry).Split(' ');
        var url = $"http://localhost:{nginx.Address.Port}";

        var fetched = await ProxyPair.CurlAsync([.. through, "--fail", "--output", work.File("received"), $"{url}/file"]);
        var stored = await ProxyPair.CurlAsync([.. through, "--fail", "--upload-file", work.File("received"), $"{url}/stored"]);

        Assert.True(fetched.ExitCode == 0, fetched.Errors);
        Assert.True(stored.ExitCode == 0, stored.Errors);
        Assert.Equal(File.Sha256(), SHA256.HashData(await System.IO.File.ReadAllBytesAsync(Path.Combine(nginx.Files, "stored"), Limit)));
    }

    [Fact]
    public async Task Curl_speaks_TLS_with_nginx_through_CONNECT()
    {
        using var work = new WorkDirectory();
        var address = FreePort.ForTcp();
        await using var nginx = await PeerProcess.NginxAsync(work, address, $$"""
            http {
                access_log off;
                server {
                    listen {{address}} ssl;
                    ssl_certificate {{SharedCertificates.Server}};
                    ssl_certificate_key {{SharedCertificates.Server}};
                    location / { return 200 "over TLS"; }
                }
            }
            """);
        await using var pair = await ProxyPair.StartAsync("--http", "127.0.0.1:0");

        var result = await ProxyPair.CurlAsync("--fail", "--cacert", SharedCertificates.Authority, "--proxy", $"http://{pair.Entry}", $"https://{address}/");

        Assert.Equal(("over TLS", ""), (result.Output, result.Errors));
    }

    [Fact]
    public async Task Python_s_own_library_fetches_through_the_HTTP_proxy()
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var pair = await ProxyPair.StartAsync();
        await System.IO.File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "from nginx", Limit);

        var result = await CommandResult.OfAsync(Executables.RequirePeer("python3"), ["-c", $$"""
            import urllib.request
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({'http': 'http://{{pair.Entry}}'}))
            print(opener.open('http://{{nginx.Address}}/file', timeout=20).read().decode())
            """]);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal("from nginx", result.Output.Trim());
    }

    [Fact]
    public async Task Git_clones_from_nginx_through_SOCKS_and_HTTP()
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var pair = await ProxyPair.StartAsync();
        await GitAsync("init", "--quiet", work.File("source"));
        await File.WriteToAsync(work.File("source/file"));
        await GitAsync("-C", work.File("source"), "add", "file");
        await GitAsync("-C", work.File("source"), "-c", "user.name=a", "-c", "user.email=a@example.test", "commit", "--quiet", "--message=first");
        await GitAsync("clone", "--quiet", "--bare", work.File("source"), Path.Combine(nginx.Files, "source.git"));
        await GitAsync("-C", Path.Combine(nginx.Files, "source.git"), "update-server-info");

        foreach (var (scheme, target) in ((string, string)[])[("socks5h", "one"), ("http", "two")])
        {
            await GitAsync("-c", $"http.proxy={scheme}://{pair.Entry}", "clone", "--quiet", $"http://127.0.0.1:{nginx.Address.Port}/source.git", work.File(target));
            Assert.Equal(File.Sha256(), SHA256.HashData(await System.IO.File.ReadAllBytesAsync(work.File($"{target}/file"), Limit)));
        }
    }

    [Fact]
    public async Task Ssh_logs_in_and_copies_through_SOCKS_by_nc()
    {
        using var work = new WorkDirectory();
        var (ssh, nc, keygen) = (Executables.RequirePeer("ssh"), Executables.RequirePeer("nc"), Executables.RequirePeer("ssh-keygen"));
        var sshd = Executables.RequirePeer("sshd");
        foreach (var key in (string[])["host", "user"])
        {
            var made = await CommandResult.OfAsync(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", work.File(key)]);
            Assert.True(made.ExitCode == 0, made.Errors);
        }

        // Where sshd gives up its rights it wants this directory, which a service's start makes.
        Directory.CreateDirectory("/run/sshd");
        var address = FreePort.ForTcp();
        await System.IO.File.WriteAllTextAsync(
            work.File("config"),
            $"""
            ListenAddress {address}
            HostKey {work.File("host")}
            AuthorizedKeysFile {work.File("user")}.pub
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            StrictModes no
            UsePAM no
            PidFile none
            """,
            Limit);
        await using var server = await PeerProcess.StartAsync(sshd, ["-D", "-e", "-f", work.File("config")], address);
        await using var pair = await ProxyPair.StartAsync("--socks", "127.0.0.1:0");
        await File.WriteToAsync(work.File("file"));

        var copied = await CommandResult.OfAsync(ssh,
        [
            "-q", "-o", $"ProxyCommand={nc} -X 5 -x {pair.Entry} %h %p", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "BatchMode=yes", "-i", work.File("user"), "-p", $"{address.Port}", $"{Environment.UserName}@127.0.0.1", $"sha256sum < {work.File("file")}; cat {work.File("file")} | sha256sum",
        ]);

        Assert.True(copied.ExitCode == 0, copied.Errors);
        Assert.Equal(2, copied.Output.Split(Convert.ToHexStringLower(File.Sha256())).Length - 1);
    }

    private static async Task GitAsync(params string[] arguments)
    {
        var result = await CommandResult.OfAsync(Executables.RequirePeer("git"), arguments);
        Assert.True(result.ExitCode == 0, $"git {string.Join(' ', arguments)}: {result.Errors}");
    }

    [Fact]
    public async Task Three_hops_of_mixed_legs_carry_SOCKS_and_HTTP()
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var hops = await ThreeHops.StartAsync(nginx.Address, "--mixed", "127.0.0.1:0");
        await System.IO.File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "behind three hops", Limit);
        var url = $"http://{nginx.Address}/file";

        var socks = await ProxyPair.CurlAsync("--socks5-hostname", $"{hops.Client.Proxy}", url);
        var http = await ProxyPair.CurlAsync("--proxy", $"http://{hops.Client.Proxy}", url);
        await hops.Second.KillAsync();
        var broken = await ProxyPair.CurlAsync("--proxy", $"http://{hops.Client.Proxy}", "--write-out", "%{http_code}", url);

        Assert.Equal(("behind three hops", "behind three hops"), (socks.Output, http.Output));
        Assert.Contains("hop 2", broken.Output);
        Assert.EndsWith("502", broken.Output);
    }

    [Fact]
    public async Task Requests_of_one_client_connection_go_where_each_wants_to()
    {
        using var work = new WorkDirectory();
        using var otherWork = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var other = await NginxServer.StartAsync(otherWork);
        await using var pair = await ProxyPair.StartAsync("--http", "127.0.0.1:0", "--log-level", "debug");
        await System.IO.File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "one", Limit);
        await System.IO.File.WriteAllTextAsync(Path.Combine(other.Files, "file"), "other", Limit);
        var (first, second) = ($"http://{nginx.Address}/file", $"http://{other.Address}/file");

        var result = await ProxyPair.CurlAsync(
            "--proxy", $"http://{pair.Entry}", "--write-out", " %{num_connects};", first, first, second, $"http://{nginx.Address}/missing", first);

        Assert.StartsWith("one 1;one 0;other 0;", result.Output);
        Assert.EndsWith("one 0;", result.Output);
        await pair.Client.LogsAsync($"-> {other.Address}: completed", TimeSpan.FromSeconds(20));
        Assert.DoesNotContain(pair.Client.Log, line => line.Contains("timeout"));
    }

    [Fact]
    public async Task What_a_client_sends_ahead_of_the_answer_is_not_lost()
    {
        using var work = new WorkDirectory();
        await using var nginx = await NginxServer.StartAsync(work);
        await using var pair = await ProxyPair.StartAsync();
        await System.IO.File.WriteAllTextAsync(Path.Combine(nginx.Files, "file"), "ahead", Limit);
        using var socket = await Dial.ToAsync(pair.Entry);
        byte[] request = [5, 1, 0, 5, 1, 0, 1, .. nginx.Address.Address.GetAddressBytes(), (byte)(nginx.Address.Port >> 8), (byte)nginx.Address.Port];

        await socket.SendAsync((byte[])[.. request, .. ProxyPair.Latin1("GET /file HTTP/1.1\r\nHost: a\r\n\r\n")], Limit);
        var answer = new byte[12];
        await new NetworkStream(socket).ReadExactlyAsync(answer, Limit);
        await socket.SendAsync(ProxyPair.Latin1("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), Limit);
        var text = System.Text.Encoding.Latin1.GetString(await ProxyPair.ReadAsync(socket, Limit));

        Assert.Equal("05000500000100000000" + "0000", Convert.ToHexString(answer));
        Assert.Equal(2, text.Split("ahead").Length - 1);
    }
}
