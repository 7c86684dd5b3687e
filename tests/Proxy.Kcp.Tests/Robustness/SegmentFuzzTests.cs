using Proxy.TestKit;

namespace Proxy.Kcp.Tests.Robustness;

/// <summary>Mutations of a corpus of right datagrams, against the engine in both ways of acknowledging.</summary>
public sealed class SegmentFuzzTests
{
    private const uint Conversation = 7;
    private static readonly IReadOnlyList<byte[]> Corpus = [.. Names().Select(Read)];

    [Theory]
    [InlineData(KcpAcknowledgement.Own)]
    [InlineData(KcpAcknowledgement.External)]
    public void Whatever_arrives_ends_as_a_value_and_the_engine_keeps_its_bounds(KcpAcknowledgement acknowledgement)
    {
        var (handled, refused) = (0, 0);
        Property.Check(300, random =>
        {
            var pool = new CountingPool();
            var settings = KcpSettings.VproxyNormal with { Acknowledgement = acknowledgement };
            var output = new byte[2000];
            using (var engine = new KcpEngine(Conversation, settings, pool))
            {
                engine.Send("something that may be acknowledged"u8);
                for (var datagram = 0u; datagram < 60; datagram++)
                {
                    var status = engine.HandleDatagram(Mutator.Mutate(random, Corpus), datagram * 10);
                    (handled, refused) = status >= KcpInputStatus.TooShort ? (handled, refused + 1) : (handled + 1, refused);
                    while (acknowledgement == KcpAcknowledgement.Own && engine.TryGetDatagram(datagram * 10, output, out _))
                    {
                        // What it answers is bounded by what came.
                    }

                    Assert.InRange(engine.OutOfOrderBytes, 0, settings.ReceiveWindowSegments * (long)settings.MaximumReceivedPayloadBytes);
                    Assert.InRange(engine.ReceivedSegments, 0, settings.ReceiveWindowSegments);
                    if (random.Next(4) == 0 && engine.TryPeekReceived(out _))
                    {
                        engine.AdvanceReceived();
                    }
                }
            }

            Assert.Equal(0, pool.RentedBuffers);
        });
        Assert.True(handled > 0 && refused > 0, $"{handled} datagrams were handled and {refused} refused.");
    }

    [Fact]
    public void A_segments_header_is_read_only_as_it_would_be_written() => Property.Check(10_000, random =>
    {
        var datagram = Mutator.Mutate(random, Corpus);
        if (KcpSegment.TryRead(datagram, out var segment))
        {
            var written = new byte[KcpSegment.HeaderBytes];
            segment.Write(written);
            Assert.Equal(datagram[..KcpSegment.HeaderBytes], written);
        }
    });

    private static IEnumerable<string> Names() =>
        typeof(SegmentFuzzTests).Assembly.GetManifestResourceNames().Where(name => name.StartsWith("kcp.", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static byte[] Read(string name)
    {
        using var stream = typeof(SegmentFuzzTests).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return Convert.FromHexString(reader.ReadToEnd().Replace("\n", "", StringComparison.Ordinal));
    }
}
