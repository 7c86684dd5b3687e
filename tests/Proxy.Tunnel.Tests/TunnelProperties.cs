using Proxy.Protocol.Ends;
using Proxy.TestKit;

namespace Proxy.Tunnel.Tests;

/// <summary>
/// Random streams over a bad link, against the plainest model: what one end sent is what the other got, whole where nobody reset, a prefix
/// where somebody did; every stream ends once on each side; nothing is left over.
/// </summary>
public class TunnelProperties
{
    [Fact]
    public void Every_byte_of_every_stream_arrives_in_order_and_every_stream_ends_once() => Property.Check(100, random =>
    {
        var settings = TunnelSettings.Default with
        {
            PauseAtBytes = random.Next(1, 100_000),
            ResumeAtBytes = 0,
            FrameBytes = random.Next(1, 20_000),
            LaneBacklogSegments = random.Next(1, 40),
        };
        using var pair = TunnelPair.Ready(settings, random: random);
        foreach (var link in pair.Links)
        {
            link.LatencyMicroseconds = random.Next(100, 40_000);
            link.JitterMicroseconds = random.Next(20_000);
            link.LossRate = random.NextDouble() * 0.1;
            link.DuplicationRate = random.NextDouble() * 0.1;
        }

        pair.Client.ReadsAtOnce = pair.Server.ReadsAtOnce = random.Next(2) == 0;
        var blackoutMoment = random.Next(39);
        var load = new RandomLoad(pair, random);
        for (var moment = 0; moment < 40; moment++)
        {
            foreach (var link in pair.Links)
            {
                link.IsDown = moment == blackoutMoment;
            }

            load.Act();
            pair.DriveFor(TimeSpan.FromMilliseconds(moment == blackoutMoment ? random.Next(8_000) : random.Next(60)));
        }

        load.Finish();
        pair.DriveUntil(() => load.IsDone || pair.Client.Closed is not null || pair.Server.Closed is not null, 120);
        Assert.Equal(("", ""), (pair.Client.ClosedText, pair.Server.ClosedText));
        load.AssertModel();
        foreach (var link in pair.Links)
        {
            link.LossRate = 0;
        }

        pair.DriveFor(12);
        foreach (var side in new[] { pair.Client, pair.Server })
        {
            Assert.Null(side.Closed);
            Assert.Equal((0, 0L, false), (side.Engine.ActiveStreams, side.Engine.ReceivedBytesWaiting, side.Engine.HasUnacknowledged));
            Assert.Equal(0, side.Engine.Statistics.StreamsOverrun);
        }
    });

    /// <summary>A few streams whose owners do at random what owners do.</summary>
    private sealed class RandomLoad(TunnelPair pair, Random random)
    {
        private readonly List<Ends> _streams = [];

        public bool IsDone => _streams.TrueForAll(stream => stream.Both.All(end => end.IsOver));

        public void Act()
        {
            if (_streams.Count < 12 && random.Next(3) == 0)
            {
                var id = pair.Client.Open();
                _streams.Add(new Ends(new End(pair.Client, id), new End(pair.Server, id)));
            }

            foreach (var end in _streams.SelectMany(stream => stream.Both))
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
            foreach (var end in _streams.SelectMany(stream => stream.Both))
            {
                FinishOne(end.Side, end.Id);
            }
        }

        public void AssertModel()
        {
            foreach (var stream in _streams)
            {
                AssertDirection(stream.Client, stream.Server);
                AssertDirection(stream.Server, stream.Client);
            }
        }

        private static void AssertDirection(End from, End to)
        {
            var sent = from.Sent.GetBuffer().AsSpan(0, (int)from.Sent.Length);
            if (to.Log is not { } log)
            {
                // Opened and reset before the answer could be sent; the server may have been told of both in one moment.
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

            if (log.Reset is { } reason)
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

        private void FinishOne(TunnelSide side, int id)
        {
            if (_streams.SelectMany(stream => stream.Both).FirstOrDefault(end => end.Side == side && end.Id == id) is not { } end)
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

    private sealed record Ends(End Client, End Server)
    {
        public End[] Both => [Client, Server];
    }

    private sealed class End(TunnelSide side, int id)
    {
        public TunnelSide Side => side;

        public int Id => id;

        public MemoryStream Sent { get; } = new();

        public bool HasFinished { get; private set; }

        public bool HasReset { get; private set; }

        /// <summary>Null while the server has not heard of the stream.</summary>
        public StreamLog? Log => side.Streams.GetValueOrDefault(id);

        public bool IsOver => Log is null ? !side.Engine.HasUnsent(id) && IsUnheardOf : Log.IsReleased;

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

        private bool IsUnheardOf => side.Engine.Statistics.StreamsOpened > 0 && !side.Engine.HasEvents && id < side.Streams.Keys.DefaultIfEmpty().Max();
    }
}
