using Proxy.Protocol.Frames;
using Proxy.Protocol.Tests.Parts;
using Proxy.Protocol.Tests.Sealing;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Robustness;

/// <summary>Mutations of a corpus of right frames and parts, against the readers of what a peer says inside a tunnel.</summary>
public sealed class FrameFuzzTests
{
    private const int Runs = 5000;

    // Compressed input and its content at once, and what is carved out of it.
    private const int MostBufferedBytes = ProtocolLimits.FramePayloadBytes + ProtocolLimits.InflatedBytes;

    [Theory]
    [InlineData("vproxy", FrameDialect.Vproxy)]
    [InlineData("native", FrameDialect.Native)]
    public void Frames_end_as_values_however_they_are_cut_and_hold_no_more_than_they_may(string corpus, FrameDialect dialect)
    {
        var (whole, malformed) = (0, 0);
        var inputs = HexFiles.Of(corpus);
        Property.Check(Runs, random =>
        {
            var input = Mutator.Mutate(random, inputs);
            var atOnce = Read(input, input.Length, dialect);
            Assert.Equal(atOnce, Read(input, random.Next(1, 40), dialect));
            (whole, malformed) = atOnce.EndsWith('!') ? (whole, malformed + 1) : (whole + 1, malformed);
        });
        Assert.True(whole > 0 && malformed > 0, $"{whole} inputs were right and {malformed} were not.");
    }

    [Theory]
    [InlineData("vproxy", FrameDialect.Vproxy)]
    [InlineData("native", FrameDialect.Native)]
    public void The_corpus_of_frames_is_right(string corpus, FrameDialect dialect) =>
        Assert.All(HexFiles.Of(corpus), input => Assert.False(Read(input, input.Length, dialect).EndsWith('!')));

    [Fact]
    public void Parts_end_as_values()
    {
        var (whole, malformed) = (0, 0);
        var inputs = HexFiles.Of("parts");
        Assert.All(inputs, input => Assert.DoesNotContain(ReadParts.All(input), line => line.StartsWith("malformed", StringComparison.Ordinal)));
        Property.Check(4 * Runs, random =>
        {
            var lines = ReadParts.All(Mutator.Mutate(random, inputs));
            (whole, malformed) = lines is [.., var last] && last.StartsWith("malformed", StringComparison.Ordinal) ? (whole, malformed + 1) : (whole + 1, malformed);
        });
        Assert.True(whole > 0 && malformed > 0, $"{whole} bodies were right and {malformed} were not.");
    }

    /// <summary>What came out, as text: payload bytes of a stream joined, and a mark at the end where the reader refused.</summary>
    private static string Read(byte[] input, int piece, FrameDialect dialect)
    {
        var pool = new CountingPool();
        var seen = new System.Text.StringBuilder();
        using (var reader = new FrameReader(pool, dialect))
        {
            var isRefused = false;
            for (var at = 0; at < input.Length && !isRefused; at += piece)
            {
                ReadOnlySpan<byte> rest = input.AsSpan(at, Math.Min(piece, input.Length - at));
                var steps = (2 * rest.Length) + 2;
                ReadStatus status;
                while ((status = reader.Read(ref rest, out var frame)) == ReadStatus.Done)
                {
                    Assert.True(steps-- > 0, "The reader loops without taking input.");
                    Note(seen, frame);
                }

                isRefused = status == ReadStatus.Malformed;
                Assert.Equal(isRefused, reader.Error is not null);
            }

            Assert.InRange(pool.MostOutBytes, 0, MostBufferedBytes);
            seen.Append(isRefused ? "!" : ".");
        }

        Assert.Equal(0, pool.Out);
        return seen.ToString();
    }

    private static void Note(System.Text.StringBuilder seen, in Frame frame)
    {
        if (frame.Kind == FrameKind.Data)
        {
            seen.Append(Convert.ToHexStringLower(frame.Payload)).Append(frame.EndsStream ? $" end {frame.StreamId} " : "");
        }
        else
        {
            seen.Append($" {frame.Kind} {frame.StreamId} ");
        }
    }
}
