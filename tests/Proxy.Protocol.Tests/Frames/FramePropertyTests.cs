using System.Text;
using Proxy.Protocol.Frames;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Frames;

public sealed class FramePropertyTests
{
    // Compressed input and its content at once; control frames need less.
    private const int MostBufferedBytes = ProtocolLimits.FramePayloadBytes + ProtocolLimits.InflatedBytes;

    [Fact]
    public void Any_cutting_of_the_input_gives_the_same_frames()
    {
        Property.Check(400, random =>
        {
            var (input, expected) = RandomFrames(random, random.Next(1, 30));
            var pool = new CountingPool();
            using var frames = new ReadFrames(pool);
            FeedInPieces(random, frames, input);
            Assert.Equal(expected, frames.Finish());
            Assert.Equal(input.Length, frames.PositionBytes);
            Assert.Equal(0, pool.Out);
        });
    }

    [Fact]
    public void Byte_by_byte_gives_the_same_frames()
    {
        Property.Check(20, random =>
        {
            var (input, expected) = RandomFrames(random, 12);
            using var frames = new ReadFrames(new CountingPool());
            foreach (var one in input)
            {
                frames.Feed([one]);
            }

            Assert.Equal(expected, frames.Finish());
        });
    }

    [Fact]
    public void Changed_frames_end_as_values_within_the_bounds()
    {
        var malformed = 0;
        Property.Check(3000, random =>
        {
            var (input, _) = RandomFrames(random, random.Next(1, 8));
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                input[random.Next(input.Length)] = (byte)random.Next(256);
            }

            malformed += Survive(random, input) ? 0 : 1;
        });
        Assert.True(malformed > 0, "No change broke anything: the property proves nothing.");
    }

    [Fact]
    public void Random_bytes_end_as_values_within_the_bounds()
    {
        Property.Check(3000, random =>
        {
            var noise = new byte[random.Next(1, 400)];
            random.NextBytes(noise);
            Survive(random, random.Next(2) == 0 ? noise : Bytes.Join(Bytes.FromHex("000000 04 00 00000000"), noise));
        });
    }

    [Fact]
    public void Random_headers_with_plausible_fields_end_as_values_within_the_bounds()
    {
        Property.Check(3000, random =>
        {
            using var input = new MemoryStream();
            input.Write(Bytes.FromHex("000000 04 00 00000000"));
            for (var count = random.Next(1, 10); count > 0; count--)
            {
                var header = new byte[FrameHeader.SizeBytes];
                var payload = new byte[random.Next(4) == 0 ? random.Next(2) * 8 : random.Next(70)];
                random.NextBytes(payload);
                new FrameHeader(payload.Length, (FrameType)random.Next(9), (FrameFlags)random.Next(6), (uint)random.Next(3)).Write(header);
                input.Write(header);
                input.Write(payload);
            }

            Survive(random, input.ToArray());
        });
    }

    /// <summary>Gives whether all of the input was good.</summary>
    private static bool Survive(Random random, byte[] input)
    {
        var pool = new CountingPool();
        using (var frames = new ReadFrames(pool))
        {
            FeedInPieces(random, frames, input);
            Assert.True(pool.MostOutBytes <= MostBufferedBytes, $"{pool.MostOutBytes} bytes were rented at once.");
            if (frames.Error is not null)
            {
                Assert.Equal(0, pool.Out);
                Assert.InRange(frames.Error.OffsetBytes, 0, input.Length - FrameHeader.SizeBytes);
                return false;
            }
        }

        Assert.Equal(0, pool.Out);
        return true;
    }

    private static void FeedInPieces(Random random, ReadFrames frames, byte[] input)
    {
        var most = random.Next(3) switch { 0 => 4, 1 => 40, _ => 4000 };
        for (var position = 0; position < input.Length;)
        {
            var piece = Math.Min(random.Next(1, most), input.Length - position);
            if (frames.Feed(input.AsSpan(position, piece)) == ReadStatus.Malformed)
            {
                return;
            }

            position += piece;
        }
    }

    /// <summary>A handshake and then frames of all kinds, with what <see cref="ReadFrames"/> should note for them.</summary>
    private static (byte[] Input, List<string> Expected) RandomFrames(Random random, int count)
    {
        using var input = new MemoryStream();
        var expected = new List<string> { "SETTINGS" };
        var joinable = 0;      // the stream of the last line, if that is DATA without an end
        input.Write(Bytes.FromHex("000000 04 00 00000000"));
        for (; count > 0; count--)
        {
            var streamId = random.Next(1, 4);
            var (frame, line) = RandomFrame(random, streamId);
            input.Write(frame);
            var isData = line.StartsWith("DATA", StringComparison.Ordinal);
            var text = isData && joinable == streamId ? expected[^1] + line[$"DATA {streamId} ".Length..] : line;
            if (isData && joinable == streamId)
            {
                expected.RemoveAt(expected.Count - 1);
            }

            expected.Add(text);
            joinable = isData && !line.EndsWith(" FIN", StringComparison.Ordinal) ? streamId : 0;
        }

        return (input.ToArray(), expected);
    }

    private static (byte[] Frame, string Line) RandomFrame(Random random, int streamId)
    {
        var target = new byte[4096];
        var id = random.NextInt64();
        var letters = new byte[random.Next(1, 2000)];
        Array.Fill(letters, (byte)random.Next('a', 'z'));
        var text = Encoding.ASCII.GetString(letters);
        return random.Next(9) switch
        {
            0 => (target[..PingFrame.Write(target, id)], $"PING {id}"),
            1 => (target[..PingFrame.WriteAcknowledge(target, id)], $"PONG {id}"),
            2 => (target[..SynFrame.Write(target, streamId)], $"SYN {streamId}"),
            3 => (target[..ResetFrame.Write(target, streamId)], $"RST {streamId}"),
            4 => (target[..PauseToggleFrame.Write(target, streamId)], $"PAUSE {streamId}"),
            5 => (target[..GoAwayFrame.Write(target, text[..Math.Min(200, text.Length)])],
                $"GOAWAY ffffffff ffffffff {text[..Math.Min(200, text.Length)]}"),
            6 => (target[..DataFrame.WriteFin(target, streamId)], $"DATA {streamId}  FIN"),
            7 => Compressed(letters, streamId, text),
            _ => (target[..DataFrame.Write(target, streamId, letters, endsStream: false)], $"DATA {streamId} {text}"),
        };
    }

    private static (byte[] Frame, string Line) Compressed(byte[] letters, int streamId, string text)
    {
        var payload = Bytes.Gzip(letters);
        var header = new byte[FrameHeader.SizeBytes];
        new FrameHeader(payload.Length, FrameType.Data, FrameFlags.Gzip, (uint)streamId).Write(header);
        return (Bytes.Join(header, payload), $"DATA {streamId} {text}");
    }
}
