using System.Text;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Http;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Protocol.Sealing.Records;
using Proxy.Protocol.Tests.Sealing;
using Proxy.Protocol.Tls;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Robustness;

/// <summary>Mutations of a corpus of right headers, against the decoders of what comes first on a stream.</summary>
public sealed class HeaderFuzzTests
{
    private const int Runs = 10_000;

    /// <summary>Reads the front of what has come, and gives how much of it was the header.</summary>
    private delegate ReadStatus Decoder(ReadOnlySpan<byte> source, out int consumedBytes);

    [Fact]
    public void Chain_requests() => Check("request", ReadRequest);

    [Fact]
    public void Chain_responses() => Check("response", ReadResponse);

    [Fact]
    public void Proxy_headers() => Check("proxy", ReadProxyHeader);

    [Fact]
    public void Http_requests() => Check("http-request", ReadHttpRequest);

    [Fact]
    public void Http_responses() => Check("http-response", (source, out consumedBytes) => HttpResponseHead.TryRead(source, "GET", out consumedBytes, out _, out _));

    [Fact]
    public void Client_hellos() => Check("hello", ReadClientHello);

    [Fact]
    public void Handshake_messages_on_a_stream() => Check(HexFiles.Corpus.Where(known => known.Length >= 36).ToArray(), ReadHandshake);

    private static void Check(string corpus, Decoder decoder)
    {
        var inputs = HexFiles.Of(corpus);
        Assert.True(inputs.Count > 2);
        Assert.All(inputs, input => Assert.Equal(ReadStatus.Done, decoder(input, out _)));
        Check(inputs, decoder);
    }

    /// <summary>
    /// Every input ends as a value; what was read is not read otherwise when more follows, nor said to be broken when less had come; and what was
    /// refused stays refused.
    /// </summary>
    private static void Check(IReadOnlyList<byte[]> inputs, Decoder decoder)
    {
        var counts = new int[3];
        Property.Check(Runs, random =>
        {
            var input = Mutator.Mutate(random, inputs);
            var status = decoder(input, out var consumed);
            counts[(int)status]++;
            byte[] longer = [.. input, .. new byte[random.Next(1, 50)]];
            switch (status)
            {
                case ReadStatus.Done:
                    Assert.InRange(consumed, 0, input.Length);
                    Assert.Equal((ReadStatus.Done, consumed), (decoder(longer, out var again), again));
                    Assert.NotEqual(ReadStatus.Malformed, decoder(input.AsSpan(0, random.Next(consumed + 1)), out _));
                    break;
                case ReadStatus.Malformed:
                    Assert.Equal(ReadStatus.Malformed, decoder(longer, out _));
                    break;
            }
        });
        Assert.True(counts.All(count => count > 0), $"Not every outcome came: {string.Join(' ', counts)}.");
    }

    private static ReadStatus ReadRequest(ReadOnlySpan<byte> source, out int consumedBytes)
    {
        var status = ChainRequest.TryRead(source, out consumedBytes, out var request, out _);
        if (status == ReadStatus.Done)
        {
            var written = new byte[request!.LengthBytes];
            request.Write(written);
            Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(written, out _, out var again, out _));
            Assert.Equal(request, again);
        }

        return status;
    }

    private static ReadStatus ReadResponse(ReadOnlySpan<byte> source, out int consumedBytes) =>
        ChainResponse.TryRead(source, out consumedBytes, out _, out _);

    // What an origin server is given is a request of its own, and the same one.
    private static ReadStatus ReadHttpRequest(ReadOnlySpan<byte> source, out int consumedBytes)
    {
        var status = HttpRequestHead.TryRead(source, out consumedBytes, out var head, out _);
        if (status == ReadStatus.Done && !head!.IsConnect)
        {
            var text = Encoding.Latin1.GetString(head.ToOrigin(via: null)).Replace($"{head.Method} /", $"{head.Method} http://{head.Destination}/");
            Assert.Equal(ReadStatus.Done, HttpRequestHead.TryRead(Encoding.Latin1.GetBytes(text), out var length, out var again, out var broken));
            Assert.Equal((text.Length, HttpRule.None, head.Body, head.Destination), (length, broken, again!.Body, again.Destination));
        }

        return status;
    }

    private static ReadStatus ReadProxyHeader(ReadOnlySpan<byte> source, out int consumedBytes) =>
        ProxyHeaderReader.TryRead(source, out consumedBytes, out _, out _);

    private static ReadStatus ReadClientHello(ReadOnlySpan<byte> source, out int consumedBytes)
    {
        consumedBytes = 0;
        return ClientHelloReader.TryRead(source, out _, out _);
    }

    private static ReadStatus ReadHandshake(ReadOnlySpan<byte> source, out int consumedBytes) => HandshakeFraming.TryMeasure(source, out consumedBytes);
}
