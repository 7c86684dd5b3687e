using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Proxy.Actors;
using Proxy.Node.AccessLogs;
using Proxy.Protocol.Ends;

namespace Proxy.Node.Tests.AccessLogs;

public sealed class AccessLogFormatTests
{
    private static readonly AccessLogEntry Ended = new()
    {
        Event = AccessLogEvents.End,
        Time = new DateTimeOffset(2026, 11, 25, 20, 15, 3, 120, TimeSpan.Zero),
        Id = 17,
        Frontend = "web",
        Client = IPEndPoint.Parse("192.0.2.7:50122"),
        Peer = IPEndPoint.Parse("10.0.0.9:4444"),
        Server = "10.0.0.5:80",
        Phase = ConnectionPhase.Relaying,
        TerminationCode = "SD",
        Reason = EndReason.ResetByUpstream,
        Detail = "Connection reset by peer",
        Wait = TimeSpan.FromMicroseconds(120),
        Connect = TimeSpan.FromMicroseconds(450),
        Duration = TimeSpan.FromMilliseconds(12050),
        BytesFromClient = 512,
        BytesFromUpstream = 3_000_000_000,
        Retries = 1,
    };

    [Fact]
    public void A_text_line_has_everything_in_its_place() => Assert.Equal(
        "2026-11-25T20:15:03.120Z end 17 web 192.0.2.7:50122 by 10.0.0.9:4444 -> 10.0.0.5:80 SD wait=0.1ms connect=0.5ms duration=12.050s up=512 "
        + "down=3000000000 retries=1 reset by upstream: Connection reset by peer\n",
        Write(new TextFormat(), Ended));

    [Fact]
    public void A_line_of_a_connection_that_lives_has_no_reason_and_one_without_a_server_a_dash()
    {
        var started = Ended with { Event = AccessLogEvents.Start, Peer = Ended.Client, Server = null, TerminationCode = "--", Wait = null, Connect = null };

        Assert.Equal(
            "2026-11-25T20:15:03.120Z start 17 web 192.0.2.7:50122 -> - -- wait=- connect=- duration=12.050s up=512 down=3000000000 retries=1\n",
            Write(new TextFormat(), started));
    }

    [Fact]
    public void Nothing_that_a_stranger_sent_begins_a_line_of_its_own()
    {
        var hostile = Ended with { Detail = "x\r\n2026 end 18 web \u2028forged\u001b[31m" };

        var text = Write(new TextFormat(), hostile);
        var json = Write(new JsonFormat(), hostile);

        Assert.EndsWith(": x\\u000d\\u000a2026 end 18 web \\u2028forged\\u001b[31m\n", text, StringComparison.Ordinal);
        Assert.Single(json.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using var document = JsonDocument.Parse(json);
        Assert.Equal(hostile.Detail, document.RootElement.GetProperty("detail").GetString());
    }

    [Fact]
    public void A_json_line_says_the_same_by_name()
    {
        using var document = JsonDocument.Parse(Write(new JsonFormat(), Ended));
        var line = document.RootElement;

        Assert.Equal(
            ("end", 17, "192.0.2.7:50122", "10.0.0.9:4444", "SD", "reset by upstream", "upstream", "relaying"),
            (Text("event"), line.GetProperty("id").GetInt32(), Text("client"), Text("peer"), Text("code"), Text("reason"), Text("fault"), Text("phase")));
        Assert.Equal((0.12, 0.45, 12050.0), (Number("wait_ms"), Number("connect_ms"), Number("duration_ms")));
        Assert.Equal((512.0, 3e9, 1.0), (Number("bytes_from_client"), Number("bytes_from_upstream"), Number("retries")));

        string? Text(string name) => line.GetProperty(name).GetString();
        double Number(string name) => line.GetProperty(name).GetDouble();
    }

    private static string Write(IAccessLogFormat format, AccessLogEntry entry)
    {
        var target = new ArrayBufferWriter<byte>();
        format.Write(entry, target);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }
}
