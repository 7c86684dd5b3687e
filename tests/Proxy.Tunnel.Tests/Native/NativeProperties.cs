using Proxy.Protocol.Ends;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// Random streams over a bad path, against the plainest model: what one end sent is what the other got, whole where nobody reset, a prefix
/// where somebody did; every stream ends once on each side; credit and budget hold at every moment; nothing is left over.
/// </summary>
public sealed class NativeProperties
{
    [Fact]
    public void Every_byte_of_every_stream_arrives_in_order_and_every_stream_ends_once() => Property.Check(100, random =>
    {
        var settings = RandomSettings(random);
        using var pair = new NativePair(settings, seed: random.Next()).WithLink(link =>
        {
            link.DelayMicroseconds = random.Next(100, 40_000);
            link.JitterMicroseconds = random.Next(4) == 0 ? random.Next(20_000) : 0;
            link.LossRate = random.NextDouble() * 0.15;
            link.DuplicationRate = random.NextDouble() * 0.1;
            link.ReorderRate = random.NextDouble() * 0.1;
            link.Bottleneck.BytesPerSecond = random.Next(100_000, 20_000_000);
            link.Bottleneck.QueueBytes = random.Next(20_000, 500_000);
        });
        pair.Client.ReadsAtOnce = pair.Server.ReadsAtOnce = random.Next(2) == 0;
        pair.OnMoment = () => AssertBounds(pair);
        var blackoutMoment = random.Next(60);
        var narrowMoment = random.Next(60);
        var moveMoment = random.Next(60);
        var load = new RandomLoad(pair, random);
        for (var moment = 0; moment < 40; moment++)
        {
            pair.WithLink(link =>
            {
                link.IsDown = moment == blackoutMoment;
                link.MaximumBytes = moment >= narrowMoment ? NativeTunnelSettings.LeastDatagramBytes : int.MaxValue;
            });
            if (moment == moveMoment)
            {
                pair.Client.Address = new PathAddress((UInt128)random.Next(1, 3), 4711);
                pair.Client.Engine.HandleOwnAddressChanged(pair.Now);
            }

            load.Act();
            pair.DriveFor(moment == blackoutMoment ? random.Next(20_000) / 1000.0 : random.Next(60) / 1000.0);
        }

        pair.WithLink(link => link.IsDown = false);
        load.Finish();
        pair.DriveUntil(() => load.IsDone || pair.Client.Closed is not null || pair.Server.Closed is not null, 200);
        Assert.Equal(("", ""), (pair.Client.ClosedText, pair.Server.ClosedText));
        load.AssertModel();
        pair.WithLink(link => link.LossRate = 0);
        pair.DriveFor(15);
        pair.DriveUntil(() => !pair.Client.Engine.HasUnacknowledged && !pair.Server.Engine.HasUnacknowledged, 1);
        foreach (var side in new[] { pair.Client, pair.Server })
        {
            Assert.Null(side.Closed);
            Assert.Equal((0, 0L, 0L), (side.Engine.ActiveStreams, side.Engine.ReceivedBytesWaiting, side.Engine.CreditBytes));
            Assert.Equal((0, false), (side.Engine.OutOfOrderBytes, side.Engine.HasUnacknowledged));
            Assert.Equal(0, side.Engine.NativeStatistics.CreditExceeded);
        }
    });

    private static NativeTunnelSettings RandomSettings(Random random) => NativeTunnelSettings.Default with
    {
        UserLanes = random.Next(1, 10),
        LaneWindowSegments = random.Next(4) == 0 ? random.Next(4, 100) : 16_384,
        OutOfOrderBytes = random.Next(3) == 0 ? random.Next(50_000, 500_000) : 32_000_000,
        CreditBudgetBytes = random.Next(3) == 0 ? random.Next(400_000, 2_000_000) : 256_000_000,
        MaximumStreams = random.Next(16, 100),
        MaximumWindowBytes = random.Next(300_000, 4_000_000),
        SendHighBytes = random.Next(1000, 100_000),
        SendLowBytes = random.Next(1000),
        MaximumDatagramBytes = random.Next(2) == 0 ? 1452 : random.Next(1200, 2200),
        Fec = (FecMode)random.Next(3),
        FecMembers = random.Next(1, 65),
        FecShards = random.Next(1, 17),
    };

    private static void AssertBounds(NativePair pair)
    {
        foreach (var side in new[] { pair.Client, pair.Server })
        {
            Assert.InRange(side.Engine.CreditBytes, 0, side.Settings.CreditBudgetBytes);
            Assert.InRange(side.Engine.ReceivedBytesWaiting, 0, side.Engine.CreditBytes);
            Assert.InRange(side.Engine.OutOfOrderBytes, 0, side.Settings.OutOfOrderBytes + side.Settings.MaximumDatagramBytes);
        }
    }

    /// <summary>A few streams whose owners do at random what owners do.</summary>
    private sealed class RandomLoad(NativePair pair, Random random)
    {
        private readonly List<End[]> _streams = [];

        public bool IsDone => _streams.TrueForAll(stream => stream.All(end => end.IsOver));

        public void Act()
        {
            if (_streams.Count < 12 && random.Next(3) == 0 && pair.Client.Engine.CanOpen)
            {
                var id = pair.Client.Open();
                _streams.Add([new End(pair.Client, id), new End(pair.Server, id)]);
            }

            foreach (var end in _streams.SelectMany(stream => stream))
            {
                Act(end);
                end.ReleaseIfOver();
            }
        }

        /// <summary>From now on everybody reads and everybody finishes.</summary>
        public void Finish()
        {
            pair.Client.ReadsAtOnce = pair.Server.ReadsAtOnce = true;
            pair.Client.OnEvent = (_, id) => FinishOne(pair.Client, id);
            pair.Server.OnEvent = (_, id) => FinishOne(pair.Server, id);
            foreach (var end in _streams.SelectMany(stream => stream))
            {
                FinishOne(end.Side, end.Id);
            }
        }

        public void AssertModel()
        {
            foreach (var stream in _streams)
            {
                AssertDirection(stream[0], stream[1]);
                AssertDirection(stream[1], stream[0]);
            }
        }

        private static void AssertDirection(End from, End to)
        {
            var sent = from.Sent.GetBuffer().AsSpan(0, (int)from.Sent.Length);
            if (to.Log is not { } log)
            {
                Assert.True(from.HasReset || from.Log?.Reset is not null);
                return;
            }

            var got = log.Bytes.GetBuffer().AsSpan(0, (int)log.Received);
            Assert.True(sent.StartsWith(got), $"Stream {to.Id}: the {got.Length} bytes received are not the first of the {sent.Length} sent.");
            if (log.HasEnded)
            {
                Assert.Equal(sent.Length, got.Length);
            }
            else
            {
                Assert.True(to.HasReset || log.Reset is not null, $"Stream {to.Id} has no end.");
            }

            if (log.Reset is { } reason && reason != EndReason.Busy)
            {
                Assert.True(from.HasReset, $"Stream {to.Id} was reset by nobody.");
                Assert.Contains(reason, new[] { EndReason.ResetByClient, EndReason.ResetByUpstream, EndReason.Refused });
            }
        }

        private void Act(End end)
        {
            if (end.Log is not { IsReleased: false } log)
            {
                return;
            }

            switch (random.Next(10))
            {
                case < 5 when !end.HasFinished && !end.Side.Engine.HasUnsent(end.Id):
                    var bytes = new byte[random.Next(3) == 0 ? random.Next(200_000) : random.Next(2_000)];
                    random.NextBytes(bytes);
                    end.Sent.Write(bytes);
                    end.Side.Send(end.Id, bytes);
                    break;
                case 5 or 6:
                    end.Side.Read(end.Id, !log.IsReading);
                    break;
                case 7 when random.Next(3) == 0:
                    end.Finish();
                    break;
                case 8 when random.Next(10) == 0:
                    end.Reset();
                    break;
            }
        }

        private void FinishOne(NativeSide side, int id)
        {
            if (_streams.SelectMany(stream => stream).FirstOrDefault(end => end.Side == side && end.Id == id) is not { } end)
            {
                return;
            }

            if (end.Log is { IsReleased: false } log)
            {
                if (!log.IsReading)
                {
                    side.Read(id);
                }

                end.Finish();
            }

            end.ReleaseIfOver();
        }
    }

    private sealed class End(NativeSide side, int id)
    {
        public NativeSide Side => side;

        public int Id => id;

        public MemoryStream Sent { get; } = new();

        public bool HasFinished { get; private set; }

        public bool HasReset { get; private set; }

        /// <summary>Null while the server has not heard of the stream.</summary>
        public NativeLog? Log => side.Streams.GetValueOrDefault(id);

        /// <summary>At the server a stream may be reset before it was ever heard of.</summary>
        public bool IsOver => Log?.IsReleased ?? !side.Engine.HasEvents;

        public void Finish()
        {
            HasFinished = true;
            side.Finish(id);
        }

        public void Reset()
        {
            HasReset = HasFinished = true;
            side.Reset(id);
        }

        public void ReleaseIfOver()
        {
            if (Log is { IsReleased: false, HasEnded: true } && HasFinished && side.Engine.IsOver(id))
            {
                side.Release(id);
            }
        }
    }
}
