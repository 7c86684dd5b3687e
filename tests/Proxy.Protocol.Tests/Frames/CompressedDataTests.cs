using System.Text;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Tests.Frames;

public sealed class CompressedDataTests
{
    private const string Settings = "000000 04 00 00000000";

    [Theory]
    [InlineData(FrameFlags.Gzip, "DATA 3 hello")]
    [InlineData(FrameFlags.Gzip | FrameFlags.EndStream, "DATA 3 hello FIN")]
    public void Compressed_data_may_end_the_stream(FrameFlags flags, string expected)
    {
        using var frames = new ReadFrames();
        Assert.Equal(ReadStatus.NeedMore, frames.Feed(Input(Bytes.Gzip("hello"u8.ToArray()), flags)));
        Assert.Equal(["SETTINGS", expected], frames.Finish());
    }

    [Fact]
    public void Content_up_to_the_bound_is_delivered()
    {
        var content = new byte[ProtocolLimits.InflatedBytes];
        new Random(1).NextBytes(content.AsSpan(0, 30_000));
        using var frames = new ReadFrames();
        Assert.Equal(ReadStatus.NeedMore, frames.Feed(Input(Bytes.Gzip(content))));
        Assert.Equal("DATA 3 " + Encoding.Latin1.GetString(content), frames.Finish()[1]);
    }

    [Fact]
    public void Bomb_that_admits_its_size_is_refused_before_a_buffer_is_rented_for_it()
    {
        var pool = new CountingPool();
        var bomb = Bytes.Gzip(new byte[ProtocolLimits.InflatedBytes + 1]);
        Assert.Equal(FrameRule.GzipTooLong, Break(bomb, pool));
        Assert.Equal(1, pool.Rents);
    }

    [Fact]
    public void Bomb_that_lies_about_its_size_is_stopped_at_the_size_it_claims()
    {
        var pool = new CountingPool();
        var bomb = Bytes.Gzip(new byte[30_000_000]);
        SetDeclaredLength(bomb, 1000);
        Assert.InRange(bomb.Length, 1, ProtocolLimits.FramePayloadBytes);
        Assert.Equal(FrameRule.GzipCorrupt, Break(bomb, pool));
        Assert.Equal(bomb.Length + 1000, pool.MostOutBytes);
    }

    [Fact]
    public void Content_shorter_than_it_claims_is_corrupt()
    {
        var member = Bytes.Gzip(new byte[2000]);
        SetDeclaredLength(member, 2001);
        Assert.Equal(FrameRule.GzipCorrupt, Break(member));
    }

    [Fact]
    public void Every_cut_of_a_member_is_corrupt()
    {
        var member = Bytes.Gzip(Encoding.ASCII.GetBytes("the quick brown fox jumps over the lazy dog, and back again"));
        for (var length = 0; length < member.Length; length++)
        {
            var rule = Break(member[..length]);
            Assert.True(rule is FrameRule.GzipCorrupt or FrameRule.GzipTooLong, $"{rule} at {length} bytes");
        }
    }

    [Fact]
    public void Every_changed_byte_of_the_checked_parts_is_corrupt()
    {
        var member = Bytes.Gzip(Encoding.ASCII.GetBytes("the quick brown fox jumps over the lazy dog, and back again"));

        // Bytes 4 to 9 of the header (time, hints, system) are told, not checked; flag bits change where the content starts.
        foreach (var position in Enumerable.Range(0, 4).Concat(Enumerable.Range(10, member.Length - 10)))
        {
            var changed = (byte[])member.Clone();
            changed[position] ^= 0x41;
            var rule = Break(changed);
            Assert.True(rule is FrameRule.GzipCorrupt or FrameRule.GzipTooLong, $"{rule} at byte {position}");
        }
    }

    [Fact]
    public void Bytes_behind_a_member_are_never_delivered()
    {
        var content = Encoding.ASCII.GetBytes("content");
        var member = Bytes.Gzip(content);
        Assert.Equal(FrameRule.GzipCorrupt, Break(Bytes.Join(member, [1, 0, 0, 0])));

        using var frames = new ReadFrames();
        Assert.Equal(ReadStatus.NeedMore, frames.Feed(Input(Bytes.Join(member, [9, 9, 9, 9], member[^4..]))));
        Assert.Equal(["SETTINGS", "DATA 3 content"], frames.Finish());
    }

    [Fact]
    public void Two_members_are_corrupt()
    {
        var member = Bytes.Gzip(new byte[500]);
        Assert.Equal(FrameRule.GzipCorrupt, Break(Bytes.Join(member, member)));
    }

    [Fact]
    public void A_member_with_nothing_in_it_is_corrupt()
    {
        var member = Bytes.Join(Bytes.FromHex("1f8b08000000000000ff 0300 00000000 00000000"));
        Assert.Equal(GzipPayload.MinBytes, member.Length);
        Assert.Equal(FrameRule.GzipCorrupt, Break(member));
    }

    [Fact]
    public void Error_of_a_payload_points_at_its_frame()
    {
        using var frames = new ReadFrames();
        Assert.Equal(ReadStatus.Malformed, frames.Feed(Input(new byte[64])));
        Assert.Equal(FrameHeader.SizeBytes, frames.Error!.OffsetBytes);
    }

    [Fact]
    public void Buffers_are_out_only_while_compressed_data_is_read_or_held()
    {
        var pool = new CountingPool();
        var input = Input(Bytes.Gzip(new byte[3000]));
        using var frames = new ReadFrames(pool);
        frames.Feed(input.AsSpan(0, 18));
        Assert.Equal(0, pool.Out);
        frames.Feed(input.AsSpan(18, 5));
        Assert.Equal(1, pool.Out);
        frames.Feed(input.AsSpan(23));
        Assert.Equal(0, pool.Out);
        Assert.Equal(2, pool.Rents);
    }

    [Fact]
    public void Disposing_in_the_middle_gives_the_buffer_back()
    {
        var pool = new CountingPool();
        var frames = new ReadFrames(pool);
        frames.Feed(Input(Bytes.Gzip(new byte[3000])).AsSpan(0, 25));
        Assert.Equal(1, pool.Out);
        frames.Dispose();
        Assert.Equal(0, pool.Out);
    }

    private static FrameRule? Break(byte[] payload, CountingPool? pool = null)
    {
        pool ??= new CountingPool();
        using var frames = new ReadFrames(pool);
        Assert.Equal(ReadStatus.Malformed, frames.Feed(Input(payload)));
        Assert.Equal(0, pool.Out);
        return frames.Error?.Rule;
    }

    private static byte[] Input(byte[] payload, FrameFlags flags = FrameFlags.Gzip)
    {
        var header = new byte[FrameHeader.SizeBytes];
        new FrameHeader(payload.Length, FrameType.Data, flags, 3).Write(header);
        return Bytes.Join(Bytes.FromHex(Settings), header, payload);
    }

    private static void SetDeclaredLength(byte[] member, int length) => BitConverter.GetBytes(length).CopyTo(member, member.Length - 4);
}
