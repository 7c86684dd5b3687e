using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Records;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Records;

public sealed class RecordTests
{
    [Fact]
    public void However_the_stream_is_cut_the_bodies_come_out_as_they_went_in_through_key_updates()
    {
        Property.Check(50, random =>
        {
            var (client, server) = Pair(recordsPerKey: 3);
            var bodies = Enumerable.Range(0, 20)
                .Select(_ => Some(random, random.Next(4) == 0 ? SealedRecords.MaximumBodyBytes : random.Next(300))).ToArray();
            var stream = bodies.SelectMany(body => Sealed(client, body)).ToArray();
            var (received, waiting) = (new List<byte[]>(), new List<byte>());
            for (var at = 0; at < stream.Length;)
            {
                var piece = Math.Min(random.Next(1, 5000), stream.Length - at);
                waiting.AddRange(stream.AsSpan(at, piece));
                at += piece;
                var source = waiting.ToArray();
                var used = 0;
                while (server.Open(source.AsSpan(used), out var body, out var consumed) == ReadStatus.Done)
                {
                    received.Add(source.AsSpan(used)[body].ToArray());
                    used += consumed;
                }

                waiting.RemoveRange(0, used);
                Assert.False(server.IsBroken);
            }

            Assert.Equal(bodies, received);
            Assert.True(server.IsConfirmed);
        });
    }

    [Fact]
    public void A_record_changed_in_any_byte_ends_the_stream_for_good()
    {
        var record = Sealed(Pair().Client, new byte[40]);
        for (var index = 0; index < record.Length; index++)
        {
            var (_, server) = Pair();
            var changed = record.ToArray();
            changed[index] ^= (byte)(1 << (index % 8));
            var source = (byte[])[.. changed, .. new byte[SealedRecords.MaximumBytes]];
            Assert.Equal(ReadStatus.Malformed, server.Open(source, out _, out var consumed));
            Assert.Equal((true, 0), (server.IsBroken, consumed));
            Assert.Equal(ReadStatus.Malformed, server.Open(record, out _, out _));
        }
    }

    [Fact]
    public void A_record_left_out_repeated_or_swapped_ends_the_stream()
    {
        byte[][] Records(SealedRecords client) => [Sealed(client, [1]), Sealed(client, [2])];
        int[][] orders = [[1], [0, 0], [1, 0]];
        foreach (var order in orders)
        {
            var (client, server) = Pair();
            var records = Records(client);
            var last = ReadStatus.NeedMore;
            foreach (var index in order)
            {
                last = server.Open(records[index].ToArray(), out _, out _);
            }

            Assert.Equal(ReadStatus.Malformed, last);
        }
    }

    [Theory]
    [InlineData("0000")]
    [InlineData("000F")]
    [InlineData("4011")]
    [InlineData("FFFF")]
    public void A_length_that_no_record_has_is_refused_before_the_record_is_there(string hex)
    {
        Assert.Equal(ReadStatus.Malformed, Pair().Server.Open(Bytes.FromHex(hex), out _, out _));
    }

    [Fact]
    public void A_sessions_keys_seal_datagrams_or_records_and_never_both()
    {
        var (client, server) = new Meeting().Establish();
        HandshakeTests.Exchange(client, server);
        Assert.Throws<InvalidOperationException>(() => client.IntoRecords());
        Assert.Throws<InvalidOperationException>(() => server.IntoRecords());

        var (other, _) = new Meeting().Establish();
        using var records = other.IntoRecords();
        Assert.Throws<ObjectDisposedException>(() => other.TrySeal(new byte[100], 10, 0, out _, out _));
        Assert.Throws<ObjectDisposedException>(() => other.IntoRecords());
        other.Dispose();
        Assert.NotEmpty(Sealed(records, [1]));
    }

    [Fact]
    public void Neither_sealing_nor_opening_allocates()
    {
        var (client, server) = Pair();
        var record = new byte[2000];
        Pass(client, server, record, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Pass(client, server, record, 1000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal((0, false), (allocated, server.IsBroken));
    }

    [Fact]
    public void Handshake_messages_on_a_stream_say_where_they_end()
    {
        foreach (var name in (string[])["hello", "retry", "hello-reply"])
        {
            var message = HexFiles.Vector(name);
            byte[] stream = [.. message, 1, 2, 3];
            for (var length = 0; length < message.Length; length++)
            {
                Assert.Equal(ReadStatus.NeedMore, HandshakeFraming.TryMeasure(stream.AsSpan(0, length), out _));
            }

            Assert.Equal(ReadStatus.Done, HandshakeFraming.TryMeasure(stream, out var bytes));
            Assert.Equal(message.Length, bytes);
        }
    }

    [Theory]
    [InlineData("04")]
    [InlineData("00")]
    [InlineData("16 03")]
    [InlineData("01 02")]
    [InlineData("01 01 0014 0000000000000000 0000000000000000")]
    [InlineData("01 01 FFFF 0000000000000000 0000000000000000")]
    public void What_is_no_handshake_message_is_refused_as_soon_as_that_shows(string hex)
    {
        Assert.Equal(ReadStatus.Malformed, HandshakeFraming.TryMeasure(Bytes.FromHex(hex), out _));
    }

    private static (SealedRecords Client, SealedRecords Server) Pair(long recordsPerKey = 1L << 23)
    {
        var limits = SessionLimits.Default with { DatagramsPerKey = recordsPerKey };
        var meeting = new Meeting();
        meeting.ClientSetup = meeting.ClientSetup with { Session = limits };
        meeting.ServerSetup = meeting.ServerSetup with { Session = limits };
        var (client, server) = meeting.Establish();
        return (client.IntoRecords(), server.IntoRecords());
    }

    private static byte[] Sealed(SealedRecords records, byte[] body)
    {
        var record = new byte[SealedRecords.HeaderBytes + body.Length + SealedRecords.TagBytes];
        body.CopyTo(record, SealedRecords.HeaderBytes);
        Assert.Equal(record.Length, records.Seal(record, body.Length));
        return record;
    }

    private static byte[] Some(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static void Pass(SealedRecords from, SealedRecords to, byte[] record, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            var length = from.Seal(record, 1000);
            to.Open(record.AsSpan(0, length), out _, out _);
        }
    }
}
