using System.Buffers;

namespace Proxy.Kcp.Tests;

public sealed class MemoryTests
{
    private readonly byte[] _datagram = new byte[1250];
    private readonly byte[] _payload = new byte[1226 * 16];

    [Fact]
    public void Nothing_is_allocated_per_segment_with_own_acknowledgement()
    {
        var pool = new ReusingPool();
        using var sender = new KcpEngine(1, KcpSettings.VproxyFast4, pool);
        using var receiver = new KcpEngine(1, KcpSettings.VproxyFast4, pool);
        Transfer(sender, receiver, rounds: 500);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Transfer(sender, receiver, rounds: 1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1500 * 16, receiver.Statistics.SegmentsReceived);
        Assert.InRange(sender.Statistics.FastResends, 100, 10_000);
    }

    [Fact]
    public void Nothing_is_allocated_per_segment_with_external_acknowledgement()
    {
        var pool = new ReusingPool();
        var settings = KcpSettings.VproxyFast4 with { Acknowledgement = KcpAcknowledgement.External };
        using var sender = new KcpEngine(1, settings, pool);
        using var receiver = new KcpEngine(1, settings, pool);
        TransferExternally(sender, receiver, rounds: 500);

        var before = GC.GetAllocatedBytesForCurrentThread();
        TransferExternally(sender, receiver, rounds: 1000);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1500 * 16, receiver.Statistics.SegmentsReceived);
        Assert.InRange(sender.Statistics.ReportedResends, 1000, 3000);
    }

    [Fact]
    public void An_engine_that_did_nothing_is_small()
    {
        using var warm = new KcpEngine(1, KcpSettings.VproxyFast4, ArrayPool<byte>.Shared);

        var before = GC.GetAllocatedBytesForCurrentThread();
        using var engine = new KcpEngine(1, KcpSettings.VproxyFast4, ArrayPool<byte>.Shared);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 700);
    }

    [Fact]
    public void Every_buffer_goes_back_when_the_engine_is_disposed_in_the_middle()
    {
        var pair = new KcpPair();
        pair.Server.IsReading = false;
        pair.Client.Write(Bytes.Random(200 * 1226));
        pair.FlushClient();
        pair.ToServer.Lose(5);
        pair.DriveFor(15);
        Assert.True(pair.Client.Pool.RentedBuffers > 0);
        Assert.True(pair.Server.Pool.RentedBuffers > 0);

        // The pair looks into both pools after disposing of the engines.
        pair.Dispose();
        pair.Client.Engine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pair.Client.Engine.Send([1]));
        Assert.Throws<ObjectDisposedException>(() => pair.Client.Engine.HandleDatagram([1], 0));
    }

    [Fact]
    public void An_engine_that_went_idle_holds_no_buffer()
    {
        using var pair = new KcpPair();
        pair.Client.Write(Bytes.Random(1_000_000));

        pair.Drive();

        Assert.Equal(0, pair.Client.Pool.RentedBuffers);
        Assert.Equal(0, pair.Server.Pool.RentedBuffers);
    }

    [Fact]
    public void A_trimmed_engine_goes_on()
    {
        using var pair = new KcpPair();
        var bytes = Bytes.Random(500_000);
        pair.Client.Write(bytes);
        pair.Drive();

        pair.Client.Engine.TrimExcess();
        pair.Server.Engine.TrimExcess();
        pair.Client.Write(bytes);
        pair.Drive();

        Bytes.AssertSame([.. bytes, .. bytes], pair.Server.Received);
    }

    [Fact]
    public void Trimming_in_the_middle_loses_nothing()
    {
        using var pair = new KcpPair();
        var bytes = Bytes.Random(500_000);
        pair.Client.Write(bytes);
        pair.ToServer.LossRate = 0.2;
        while (pair.Step())
        {
            pair.Client.Engine.TrimExcess();
            pair.Server.Engine.TrimExcess();
        }

        Bytes.AssertSame(bytes, pair.Server.Received);
    }

    [Fact]
    public void Settings_no_engine_can_work_with_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine(new() { MtuBytes = 49 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine(new() { SendWindowSegments = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine(new() { ReceiveWindowSegments = 65_536 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Engine(new() { MinimumRtoMilliseconds = 60_001 }));
    }

    private static KcpEngine Engine(KcpSettings settings) => new(1, settings, ArrayPool<byte>.Shared);

    /// <summary>Sixteen segments a round, the first copy of every tenth datagram is lost.</summary>
    private void Transfer(KcpEngine sender, KcpEngine receiver, int rounds)
    {
        var now = (uint)(sender.Statistics.SegmentsSent * 10);
        for (var round = 0; round < rounds; round++)
        {
            sender.Send(_payload);
            for (var datagrams = 0; sender.InFlightSegments + sender.QueuedSegments > 0; datagrams++)
            {
                now++;
                while (sender.TryGetDatagram(now, _datagram, out var length))
                {
                    if (datagrams++ % 10 != 3)
                    {
                        receiver.HandleDatagram(_datagram.AsSpan(0, length), now);
                    }
                }

                Read(receiver);
                while (receiver.TryGetDatagram(now, _datagram, out var length))
                {
                    sender.HandleDatagram(_datagram.AsSpan(0, length), now);
                }
            }
        }
    }

    private void TransferExternally(KcpEngine sender, KcpEngine receiver, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            sender.Send(_payload);
            for (var segments = 0; sender.TryGetSegment(0, _datagram, out var output); segments++)
            {
                if (segments % 10 == 3)
                {
                    sender.Lost(output.SequenceNumber);
                    continue;
                }

                receiver.HandleDatagram(_datagram.AsSpan(0, output.LengthBytes), 0);
                sender.Acknowledged(output.SequenceNumber);
            }

            Read(receiver);
            while (receiver.TryGetSegment(0, _datagram, out var output))
            {
                sender.HandleDatagram(_datagram.AsSpan(0, output.LengthBytes), 0);
            }
        }
    }

    private static void Read(KcpEngine receiver)
    {
        while (receiver.TryPeekReceived(out _))
        {
            receiver.AdvanceReceived();
        }
    }

    /// <summary>A pool that never lets go, so that what is allocated is the engine's doing. All arrays are of one size.</summary>
    private sealed class ReusingPool : ArrayPool<byte>
    {
        private readonly Stack<byte[]> _free = new(4096);

        public override byte[] Rent(int minimumLength) => _free.Count > 0 ? _free.Pop() : new byte[2048];

        public override void Return(byte[] array, bool clearArray = false) => _free.Push(array);
    }
}
