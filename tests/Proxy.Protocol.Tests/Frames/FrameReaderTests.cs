using System.Buffers;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Tests.Frames;

public sealed class FrameReaderTests
{
    private const string Settings = "000000 04 00 00000000";

    [Fact]
    public void Data_is_handed_out_as_it_arrives_and_only_the_last_part_ends_the_stream()
    {
        using var reader = Greeted(out _);
        ReadOnlySpan<byte> first = Bytes.FromHex("000005 00 01 00000001 6865");
        Assert.Equal(ReadStatus.Done, reader.Read(ref first, out var part));
        Assert.Equal("he"u8, part.Payload);
        Assert.False(part.EndsStream);
        Assert.Equal(ReadStatus.NeedMore, reader.Read(ref first, out _));

        ReadOnlySpan<byte> rest = "llo"u8;
        Assert.Equal(ReadStatus.Done, reader.Read(ref rest, out part));
        Assert.Equal("llo"u8, part.Payload);
        Assert.True(part.EndsStream);
        Assert.Equal(ReadStatus.NeedMore, reader.Read(ref rest, out _));
    }

    [Fact]
    public void A_header_without_its_first_byte_of_data_gives_no_part()
    {
        using var reader = Greeted(out _);
        ReadOnlySpan<byte> input = Bytes.FromHex("000005 00 01 00000001");
        Assert.Equal(ReadStatus.NeedMore, reader.Read(ref input, out _));
        Assert.True(input.IsEmpty);
    }

    [Fact]
    public void Largest_data_frame_is_read_without_renting()
    {
        using var reader = Greeted(out var pool);
        var frame = new byte[DataFrame.LengthBytes(DataFrame.MaxPayloadBytes)];
        DataFrame.WriteHeader(frame, 9, DataFrame.MaxPayloadBytes, endsStream: false);
        ReadOnlySpan<byte> input = frame;
        Assert.Equal(ReadStatus.Done, reader.Read(ref input, out var part));
        Assert.Equal(DataFrame.MaxPayloadBytes, part.Payload.Length);
        Assert.Equal(0, pool.Rents);
    }

    [Fact]
    public void Control_frames_in_one_piece_are_read_without_renting()
    {
        using var reader = Greeted(out var pool);
        ReadOnlySpan<byte> input = Bytes.FromHex("000008 06 00 00000000 0000000000000001 000000 01 00 00000001"
            + "000009 07 00 00000000 ffffffffffffffff 61");
        Assert.Equal(ReadStatus.Done, reader.Read(ref input, out _));
        Assert.Equal(ReadStatus.Done, reader.Read(ref input, out _));
        Assert.Equal(ReadStatus.Done, reader.Read(ref input, out var goAway));
        Assert.Equal("a", goAway.ReasonText());
        Assert.Equal(0, pool.Rents);
    }

    [Fact]
    public void A_long_reason_is_cut_and_costs_a_small_buffer_only()
    {
        var pool = new CountingPool();
        using var frames = new ReadFrames(pool);
        var input = new byte[FrameHeader.SizeBytes + ProtocolLimits.FramePayloadBytes];
        input.AsSpan(FrameHeader.SizeBytes + GoAwayFrame.NumbersBytes).Fill((byte)'r');
        new FrameHeader(ProtocolLimits.FramePayloadBytes, FrameType.GoAway, FrameFlags.None, 0).Write(input);
        for (var position = 0; position < input.Length; position += 100)
        {
            frames.Feed(input.AsSpan(position, Math.Min(100, input.Length - position)));
        }

        Assert.Equal([$"GOAWAY 00000000 00000000 {new string('r', ProtocolLimits.ReasonBytes)}"], frames.Seen);
        Assert.Equal(GoAwayFrame.NumbersBytes + ProtocolLimits.ReasonBytes, pool.MostOutBytes);
        Assert.Equal(0, pool.Out);
    }

    [Fact]
    public void A_reader_between_frames_holds_no_buffer()
    {
        var pool = new CountingPool();
        using var frames = new ReadFrames(pool);
        foreach (var one in Bytes.FromHex(Settings + "000008 06 00 00000000 0000000000000001"))
        {
            frames.Feed([one]);
        }

        Assert.Equal(["SETTINGS", "PING 1"], frames.Seen);
        Assert.Equal((1, 0), (pool.Rents, pool.Out));
    }

    [Fact]
    public void Reading_frames_that_come_whole_allocates_nothing()
    {
        using var reader = Greeted(out _);
        var input = Bytes.FromHex("000000 01 00 00000001 000005 00 00 00000001 68656c6c6f"
            + "000008 06 00 00000000 0000000000000001 000000 00 01 00000001");
        Assert.Equal(4, ReadAll(reader, input));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var frames = 0;
        for (var round = 0; round < 100; round++)
        {
            frames += ReadAll(reader, input);
        }

        Assert.Equal((400, 0), (frames, GC.GetAllocatedBytesForCurrentThread() - before));
    }

    [Fact]
    public void No_input_is_need_more()
    {
        using var reader = new FrameReader(ArrayPool<byte>.Shared);
        var nothing = ReadOnlySpan<byte>.Empty;
        Assert.Equal(ReadStatus.NeedMore, reader.Read(ref nothing, out _));
    }

    [Fact]
    public void Writing_a_psh_without_bytes_is_a_defect()
    {
        var target = new byte[FrameHeader.SizeBytes];
        Assert.Throws<ArgumentOutOfRangeException>(() => DataFrame.Write(target, 1, [], endsStream: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => DataFrame.WriteHeader(target, 1, DataFrame.MaxPayloadBytes + 1, endsStream: false));
    }

    [Fact]
    public void A_written_reason_is_cut_to_its_bound()
    {
        var reason = new string('x', 1000);
        Assert.Equal(GoAwayFrame.MaxLengthBytes, GoAwayFrame.LengthBytes(reason));
        var target = new byte[GoAwayFrame.MaxLengthBytes];
        Assert.Equal(target.Length, GoAwayFrame.Write(target, reason));
        Assert.Equal($"GOAWAY ffffffff ffffffff {reason[..ProtocolLimits.ReasonBytes]}", Assert.Single(ReadFrames.All(Convert.ToHexString(target))));
    }

    private static int ReadAll(FrameReader reader, ReadOnlySpan<byte> input)
    {
        var frames = 0;
        while (reader.Read(ref input, out _) == ReadStatus.Done)
        {
            frames++;
        }

        return frames;
    }

    private static FrameReader Greeted(out CountingPool pool)
    {
        pool = new CountingPool();
        var reader = new FrameReader(pool);
        ReadOnlySpan<byte> settings = Bytes.FromHex(Settings);
        Assert.Equal(ReadStatus.Done, reader.Read(ref settings, out _));
        return reader;
    }
}
