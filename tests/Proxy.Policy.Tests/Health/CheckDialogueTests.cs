using System.Text;
using Proxy.Policy.Health;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Health;

public sealed class CheckDialogueTests
{
    [Fact]
    public void A_tcp_check_passes_when_connected() =>
        Assert.IsType<CheckStep.Passed>(new TcpCheck().CreateDialogue().Begin());

    [Fact]
    public void What_is_to_be_sent_is_sent_first() =>
        Assert.Equal("PING\r\n", Sent(SendExpect("PING\r\n", "+PONG").CreateDialogue()));

    [Fact]
    public void Where_the_server_speaks_first_nothing_is_sent() =>
        Assert.Equal("", Sent(SendExpect("", "220 ").CreateDialogue()));

    [Theory]
    [InlineData("+PONG\r\n")]
    [InlineData("noise +PONG")]
    [InlineData("+P+PONG")]
    [InlineData("++++PONG")]
    public void An_expected_text_is_found_however_the_answer_is_cut(string answer)
    {
        for (var chunk = 1; chunk <= answer.Length; chunk++)
        {
            Assert.IsType<CheckStep.Passed>(Answer(SendExpect("PING", "+PONG"), answer, chunk));
        }
    }

    [Fact]
    public void Any_byte_will_do_where_nothing_is_expected() =>
        Assert.IsType<CheckStep.Passed>(Answer(SendExpect("", ""), "x", 1));

    [Fact]
    public void An_answer_without_the_expected_text_needs_more_until_its_bound()
    {
        var dialogue = SendExpect("", "OK", withinBytes: 8).CreateDialogue();
        dialogue.Begin();
        Assert.IsType<CheckStep.Continue>(dialogue.HandleReceived("1234567"u8));
        Assert.Contains("first 8 bytes", Reason(dialogue.HandleReceived("8"u8)));
    }

    [Fact]
    public void An_expected_text_beyond_the_bound_does_not_count() =>
        Assert.Contains("not in the first 8 bytes", Reason(Answer(SendExpect("", "OK", withinBytes: 8), "1234567OK", 9)));

    [Fact]
    public void A_server_that_closes_first_has_failed()
    {
        var dialogue = SendExpect("", "OK").CreateDialogue();
        dialogue.Begin();
        Assert.Equal("closed without an answer", Reason(dialogue.HandleEnd()));
        dialogue.HandleReceived("-ERR"u8);
        Assert.Contains("\"-ERR\"", Reason(dialogue.HandleEnd()));
    }

    [Fact]
    public void A_reason_never_carries_control_characters_or_whole_answers()
    {
        var reason = Reason(Answer(SendExpect("", "OK", withinBytes: 4000), "\x1b[31m\r\n\0\"" + new string('a', 4000), 4000));
        Assert.DoesNotContain(reason, char.IsControl);
        Assert.InRange(reason.Length, 1, 200);
    }

    [Theory]
    [InlineData(5000, 1, 100)]
    [InlineData(0, 101, 100)]
    [InlineData(0, 0, 0)]
    [InlineData(0, 0, 16385)]
    public void A_send_expect_check_out_of_bounds_is_refused(int sendBytes, int expectBytes, int withinBytes)
    {
        Assert.False(SendExpectCheck.TryCreate(new byte[sendBytes], new byte[expectBytes], withinBytes, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void An_http_check_sends_one_request() => Assert.Equal(
        "HEAD /health?full=1 HTTP/1.1\r\nHost: web.example:8080\r\nUser-Agent: tcpproxy\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        Sent(Http(method: "HEAD", path: "/health?full=1", host: "web.example:8080").CreateDialogue()));

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n")]
    [InlineData("HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\nbody")]
    [InlineData("HTTP/1.1 204\r\n")]
    [InlineData("HTTP/1.1 399 \n")]
    public void An_expected_status_passes_however_the_answer_is_cut(string answer)
    {
        for (var chunk = 1; chunk <= answer.Length; chunk++)
        {
            Assert.IsType<CheckStep.Passed>(Answer(Http(), answer, chunk));
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\n", "status 503, expected 200-399")]
    [InlineData("HTTP/1.1 100 Continue\r\n", "status 100")]
    [InlineData("HTTP/1.1 999 ?\r\n", "status 999")]
    [InlineData("HTTP/2.0 200 OK\r\n", "not an HTTP/1 answer")]
    [InlineData("HTTP/1.1 2000 OK\r\n", "not an HTTP/1 answer")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "not an HTTP/1 answer: \"S")]
    [InlineData("\0\0\0", "not an HTTP/1 answer")]
    public void Any_other_answer_fails_and_says_why(string answer, string reason)
    {
        Assert.Contains(reason, Reason(Answer(Http(), answer, answer.Length)));
        Assert.Contains(reason[..6], Reason(Answer(Http(), answer, 1)));
    }

    [Fact]
    public void A_server_that_closes_within_the_status_line_has_failed()
    {
        var dialogue = Http().CreateDialogue();
        dialogue.HandleReceived("HTTP/1.1 2"u8);
        Assert.Contains("closed within the status line", Reason(dialogue.HandleEnd()));
    }

    [Theory]
    [InlineData("get", "/", "h")]
    [InlineData("", "/", "h")]
    [InlineData("GET", "health", "h")]
    [InlineData("GET", "/a b", "h")]
    [InlineData("GET", "/\r\nX: y", "h")]
    [InlineData("GET", "/", "")]
    [InlineData("GET", "/", "h\r\nX: y")]
    public void A_request_that_would_be_malformed_is_refused(string method, string path, string host)
    {
        Assert.False(HttpCheck.TryCreate(method, path, host, HttpStatusSet.Default, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("200", 200, true)]
    [InlineData("200", 201, false)]
    [InlineData("200-299, 404", 404, true)]
    [InlineData("200-299,404", 299, true)]
    [InlineData("200-299,404", 300, false)]
    [InlineData("100-599", 600, false)]
    public void A_status_set_has_what_is_written(string text, int code, bool isIn)
    {
        Assert.True(HttpStatusSet.TryParse(text, out var set, out _));
        Assert.Equal(isIn, set.Contains(code));
    }

    [Theory]
    [InlineData("")]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("300-200")]
    [InlineData("200,")]
    [InlineData("2xx")]
    [InlineData("200-299-300")]
    public void A_malformed_status_set_is_refused(string text)
    {
        Assert.False(HttpStatusSet.TryParse(text, out _, out var error));
        Assert.NotEmpty(error);
    }

    [Fact]
    public void No_answer_throws_or_is_kept_beyond_its_bound() => Property.Check(300, random =>
    {
        var check = random.Next(2) == 0 ? (CheckKind)Http() : SendExpect("", "abc", withinBytes: random.Next(3, 64));
        var dialogue = check.CreateDialogue();
        dialogue.Begin();
        CheckStep step = new CheckStep.Continue(default);
        var received = 0;
        while (step is CheckStep.Continue)
        {
            Assert.True(received < 64, "undecided beyond its bound");
            var bytes = RandomAnswer(random);
            received += bytes.Length;
            step = dialogue.HandleReceived(bytes);
        }

        Assert.True(step is CheckStep.Passed or CheckStep.Failed { Reason.Length: > 0 and < 200 });
    });

    private static byte[] RandomAnswer(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => (byte)(random.Next(3) == 0 ? random.Next(256) : "HTP/1. 20abc"[random.Next(12)]))];

    private static SendExpectCheck SendExpect(string send, string expect, int withinBytes = SendExpectCheck.DefaultWithinBytes)
    {
        var (toSend, expected) = (Encoding.Latin1.GetBytes(send), Encoding.Latin1.GetBytes(expect));
        Assert.True(SendExpectCheck.TryCreate(toSend, expected, withinBytes, out var check, out var error), error);
        return check;
    }

    private static HttpCheck Http(string method = "GET", string path = "/", string host = "web.example")
    {
        Assert.True(HttpCheck.TryCreate(method, path, host, HttpStatusSet.Default, out var check, out var error), error);
        return check;
    }

    private static string Sent(ICheckDialogue dialogue) =>
        Encoding.Latin1.GetString(Assert.IsType<CheckStep.Continue>(dialogue.Begin()).ToSend.Span);

    private static CheckStep Answer(CheckKind check, string answer, int chunkBytes)
    {
        var dialogue = check.CreateDialogue();
        var step = dialogue.Begin();
        foreach (var chunk in Encoding.Latin1.GetBytes(answer).Chunk(chunkBytes))
        {
            if (step is not CheckStep.Continue)
            {
                break;
            }

            step = dialogue.HandleReceived(chunk);
        }

        return step;
    }

    private static string Reason(CheckStep step) => Assert.IsType<CheckStep.Failed>(step).Reason;
}
