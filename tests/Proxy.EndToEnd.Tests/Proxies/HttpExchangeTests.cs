using System.Net.Sockets;
using System.Text;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Proxies;

/// <summary>What becomes of requests and responses on their way through the HTTP proxy, against origin servers of every kind.</summary>
[Collection(OnlyWaits.First)]
public sealed class HttpExchangeTests : EndToEndTest
{
    private const string Hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    [Fact]
    public async Task The_origin_server_sees_its_own_request_and_nothing_of_the_proxy()
    {
        var seen = "";
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            seen = await connection.HeadAsync() + await connection.BodyAsync(5);
            await connection.SayAsync("HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n");
        });
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, $"POST http://{origin.Address}/a?b HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\nConnection: close, X-Own\r\nX-Own: 1\r\n"
            + "Content-Length: 5\r\n\r\nhello");

        Assert.Equal($"POST /a?b HTTP/1.1\r\nHost: {origin.Address}\r\nContent-Length: 5\r\n\r\nhello", seen);
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", answer);
    }

    [Fact]
    public async Task Requests_that_are_sent_ahead_are_answered_in_order_one_after_the_other()
    {
        var paths = new List<string>();
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            for (var request = 0; request < 3; request++)
            {
                paths.Add((await connection.HeadAsync()).Split(' ')[1]);
                await connection.SayAsync($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{paths[^1]}\r\n0\r\nA: trailer\r\n\r\n");
            }
        });
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, string.Concat(((string[])["a", "b", "c"]).Select(path =>
            $"GET http://{origin.Address}/{path} HTTP/1.1\r\n{(path == "c" ? "Connection: close\r\n" : "")}\r\n")));

        Assert.Equal(["/a", "/b", "/c"], paths);
        Assert.Equal(["/a", "/b", "/c"], answer.Split("\r\n").Where(line => line.StartsWith('/')));
        Assert.Equal(1, origin.Connections);
    }

    [Fact]
    public async Task A_connection_that_the_origin_server_had_closed_is_made_anew()
    {
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            await connection.HeadAsync();
            await connection.SayAsync(Hello);
        });
        await using var pair = await ProxyPair.StartAsync();
        using var socket = await Dial.ToAsync(pair.Entry);

        for (var request = 1; request <= 3; request++)
        {
            await socket.SendAsync(ProxyPair.Latin1($"GET http://{origin.Address}/ HTTP/1.1\r\n\r\n"), Limit);
            var answer = new byte[Hello.Length];
            await new NetworkStream(socket).ReadExactlyAsync(answer, Limit);
            Assert.Equal(Hello, Encoding.Latin1.GetString(answer));
        }

        Assert.Equal(3, origin.Connections);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello")]
    public async Task A_response_that_was_cut_does_not_look_whole(string response)
    {
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            await connection.HeadAsync();
            await connection.SayAsync(response);
        });
        await using var pair = await ProxyPair.StartAsync();

        var failure = await Assert.ThrowsAsync<IOException>(() => AskAsync(pair, $"GET http://{origin.Address}/ HTTP/1.1\r\n\r\n"));

        Assert.Equal(SocketError.ConnectionReset, Assert.IsType<SocketException>(failure.InnerException).SocketErrorCode);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", "BadLength")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "BadLength")]
    [InlineData("HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n", "BadField")]
    [InlineData("SSH-2.0-server\r\n\r\n", "BadStatusLine")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n", "switches to a protocol")]
    [InlineData("", "closed the connection without a response")]
    public async Task A_response_that_breaks_a_rule_is_a_bad_gateway(string response, string text)
    {
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            await connection.HeadAsync();
            await connection.SayAsync(response);
        });
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, $"GET http://{origin.Address}/ HTTP/1.1\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", answer);
        Assert.Contains(text, answer);
    }

    [Fact]
    public async Task A_body_waits_for_100_and_one_that_is_not_wanted_ends_the_connection()
    {
        await using var origin = new ScriptedOrigin(async (number, connection) =>
        {
            await connection.HeadAsync();
            if (number == 1)
            {
                await connection.SayAsync("HTTP/1.1 100 Continue\r\n\r\n");
                await connection.SayAsync(Hello.Replace("hello", await connection.BodyAsync(5)));
            }
            else
            {
                await connection.SayAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
                await connection.StayAsync();
            }
        });
        await using var pair = await ProxyPair.StartAsync();
        var request = ProxyPair.Latin1($"POST http://{origin.Address}/ HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        using var socket = await Dial.ToAsync(pair.Entry);

        await socket.SendAsync(request, Limit);
        var interim = new byte["HTTP/1.1 100 Continue\r\n\r\n".Length];
        await new NetworkStream(socket).ReadExactlyAsync(interim, Limit);
        await socket.SendAsync(ProxyPair.Latin1("world"), Limit);
        var final = new byte[Hello.Length];
        await new NetworkStream(socket).ReadExactlyAsync(final, Limit);
        var refused = Encoding.Latin1.GetString(await pair.SayAsync(request, Limit));

        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", Encoding.Latin1.GetString(interim));
        Assert.EndsWith("world", Encoding.Latin1.GetString(final));
        Assert.Equal("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", refused);
    }

    [Fact]
    public async Task A_response_without_a_length_ends_with_its_connection_and_HEAD_has_none()
    {
        await using var origin = new ScriptedOrigin(async (_, connection) =>
        {
            var isHead = (await connection.HeadAsync()).StartsWith("HEAD ", StringComparison.Ordinal);
            await connection.SayAsync(isHead ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : "HTTP/1.0 200 OK\r\n\r\nto the end");
        });
        await using var pair = await ProxyPair.StartAsync();

        var get = await AskAsync(pair, $"GET http://{origin.Address}/ HTTP/1.1\r\n\r\n");
        var head = await AskAsync(pair, $"HEAD http://{origin.Address}/ HTTP/1.0\r\n\r\n");

        Assert.Equal("HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nto the end", get);
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", head);
    }

    [Fact]
    public async Task CONNECT_may_follow_a_request()
    {
        await using var origin = new ScriptedOrigin(async (number, connection) =>
        {
            if (number == 1)
            {
                await connection.HeadAsync();
                await connection.SayAsync(Hello);
            }
            else
            {
                await connection.SayAsync("tunnelled " + await connection.BodyAsync(5));
            }
        });
        await using var pair = await ProxyPair.StartAsync();

        var answer = await AskAsync(pair, $"GET http://{origin.Address}/ HTTP/1.1\r\n\r\nCONNECT {origin.Address} HTTP/1.1\r\n\r\nbytes");

        Assert.Equal(Hello + "HTTP/1.1 200 Connection established\r\n\r\ntunnelled bytes", answer);
    }

    private async Task<string> AskAsync(ProxyPair pair, string request) => Encoding.Latin1.GetString(await pair.SayAsync(ProxyPair.Latin1(request), Limit));
}
