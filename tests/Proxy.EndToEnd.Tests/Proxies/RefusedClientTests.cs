using System.Text;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>Clients that are told no, each in its own protocol, with the reason; and nobody else feels it.</summary>
[Collection(OnlyWaits.Second)]
public sealed class RefusedClientTests : EndToEndTest
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_SOCKS_client_is_told_what_happened()
    {
        await using var pair = await ProxyPair.StartAsync("--socks", "127.0.0.1:0");
        var closed = FreePort.ForTcp();

        foreach (var (request, answer) in ((string, string)[])
        [
            ($"05010001 7F000001 {closed.Port:X4}", "05050001000000000000"),
            ("05010001 0A010203 0050", "05020001000000000000"),
            ("05010003 0E 6E6F737563682E696E76616C6964 0050", "05040001000000000000"),
            ("05020001 7F000001 0050", "05070001000000000000"),
        ])
        {
            Assert.Equal("0500" + answer, Convert.ToHexString(await pair.SayAsync(Convert.FromHexString("050100" + request.Replace(" ", "")), Limit)));
        }

        Assert.Equal("005B000000000000", Convert.ToHexString(await pair.SayAsync(Convert.FromHexString($"0401{closed.Port:X4}7F00000100"), Limit)));
    }

    [Fact]
    public async Task An_HTTP_client_is_told_which_hop_failed()
    {
        await using var pair = await ProxyPair.StartAsync("--http", "127.0.0.1:0");
        var closed = FreePort.ForTcp();

        foreach (var (target, status, text) in ((string, int, string)[])
        [
            ($"{closed}", 502, "says hop 1"),
            ("10.1.2.3:80", 403, "hop 1"),
            ("nosuch.invalid:80", 502, "name not found"),
        ])
        {
            var get = await AskAsync(pair, $"GET http://{target}/ HTTP/1.1\r\n\r\n");
            var connect = await AskAsync(pair, $"CONNECT {target} HTTP/1.1\r\n\r\n");

            Assert.StartsWith($"HTTP/1.1 {status} ", get);
            Assert.Contains(text, get);
            Assert.Equal(get, connect);
        }
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "BadTarget")]
    [InlineData("GET https://a/ HTTP/1.1\r\n\r\n", 400, "UnknownScheme")]
    [InlineData("GET http://a/ HTTP/1.1\nHost: a\n\n", 400, "BadLineEnd")]
    [InlineData("POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "BadLength")]
    [InlineData("POST http://a/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "BadLength")]
    [InlineData("POST http://a/ HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400, "BadField")]
    [InlineData("POST http://a/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "BadChunk")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "BadRequestLine")]
    public async Task A_malformed_request_is_answered_and_logged_and_the_next_client_served(string request, int status, string rule)
    {
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Contains(rule, answer);
        await pair.Client.LogsAsync($"bad header (HTTP: {rule})", Bound);
        Assert.StartsWith("HTTP/1.1 403 ", await AskAsync(pair, "GET http://10.1.2.3/ HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task A_head_that_does_not_end_is_not_kept()
    {
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, "GET http://a/ HTTP/1.1\r\nA: " + new string('a', 20_000));

        Assert.StartsWith("HTTP/1.1 431 ", answer);
    }

    [Theory]
    [InlineData("160301", "", "byte 22")]
    [InlineData("050102", "05FF", "NoCommonMethod")]
    [InlineData("05010005090001", "050005070001000000000000", "UnknownCommand")]
    [InlineData("050100050100090000", "050005080001000000000000", "UnknownAddressType")]
    [InlineData("04010000C000020700", "005B000000000000", "PortMissing")]
    public async Task What_is_neither_HTTP_nor_right_SOCKS_is_answered_as_far_as_it_can_be(string hex, string answer, string logged)
    {
        await using var pair = await ProxyPair.StartAsync();

        Assert.Equal(answer, Convert.ToHexString(await SayAsync(pair, Convert.FromHexString(hex))));
        await pair.Client.LogsAsync(logged, Bound);
        Assert.StartsWith("HTTP/1.1 403 ", await AskAsync(pair, "GET http://10.1.2.3/ HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task Who_is_not_a_user_goes_nowhere_and_who_guesses_has_to_wait()
    {
        using var work = new WorkDirectory();
        var users = work.File("users");
        await File.WriteAllTextAsync(users, "# who may\nalice:secret\n", Limit);
        File.SetUnixFileMode(users, UnixFileMode.UserRead);
        await using var pair = await ProxyPair.StartAsync("--mixed", "127.0.0.1:0", "--proxy-users", users);
        string Get(string userPass) => $"GET http://10.1.2.3/ HTTP/1.1\r\nProxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(userPass))}\r\n\r\n";

        var unasked = await AskAsync(pair, "GET http://10.1.2.3/ HTTP/1.1\r\n\r\n");
        var right = await AskAsync(pair, Get("alice:secret"));
        var socks = await pair.SayAsync(Convert.FromHexString("05010201" + "05616C696365" + "06736563726574" + "050100010A0102030050"), Limit);
        while (!pair.Client.Log.Any(line => line.Contains("its address is banned for 4 s")))
        {
            Assert.StartsWith("HTTP/1.1 407 ", await AskAsync(pair, Get("alice:guess")));
        }

        Assert.StartsWith("HTTP/1.1 407 ", unasked);
        Assert.Contains("Proxy-Authenticate: Basic", unasked);
        Assert.StartsWith("HTTP/1.1 403 ", right);
        Assert.Equal("0502" + "0100" + "05020001000000000000", Convert.ToHexString(socks));
        Assert.Contains("wait", await AskAsync(pair, Get("alice:secret")));
        await pair.Client.LogsAsync("(alice) -> 10.1.2.3:80: not allowed", Bound);
        await pair.Client.LogsAsync("unauthenticated (wrong name or password; its address is banned for 1 s)", Bound);
    }

    [Fact]
    public async Task A_user_file_that_others_can_read_is_refused()
    {
        using var work = new WorkDirectory();
        var users = work.File("users");
        await File.WriteAllTextAsync(users, "alice:secret\n", Limit);
        File.SetUnixFileMode(users, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var result = await CommandResult.OfNodeAsync("client", "--via", "chain://127.0.0.1:1", "--socks", "127.0.0.1:0", "--proxy-users", users);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("open to others", result.Errors);
    }

    private async Task<string> AskAsync(ProxyPair pair, string request) => Encoding.Latin1.GetString(await SayAsync(pair, ProxyPair.Latin1(request)));

    private Task<byte[]> SayAsync(ProxyPair pair, byte[] bytes) => pair.SayAsync(bytes, Limit);
}
