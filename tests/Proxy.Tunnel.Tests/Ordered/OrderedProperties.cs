using Proxy.Protocol.Ends;
using Proxy.TestKit;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Tests.Native;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>
/// Random streams through pipes that cut anywhere, against the plainest model: what one end sent is what the other got, whole where nobody reset,
/// a prefix where somebody did; every stream ends once on each side; credit and budget hold at every moment; nothing is left over.
/// </summary>
public sealed class OrderedProperties
{
    [Fact]
    public void Every_byte_of_every_stream_arrives_in_order_and_every_stream_ends_once() => Property.Check(100, random =>
    {
        var settings = NativeTunnelSettings.Default with
        {
            CreditBudgetBytes = random.Next(3) == 0 ? random.Next(400_000, 2_000_000) : 256_000_000,
            MaximumStreams = random.Next(16, 100),
            MaximumWindowBytes = random.Next(300_000, 4_000_000),
            SendHighBytes = random.Next(1000, 100_000),
            SendLowBytes = random.Next(1000),
        };
        using var pair = new OrderedPair(settings, random.Next(), random.Next(1, 200_000), random.Next(1, 50_000));
        pair.Client.ReadsAtOnce = pair.Server.ReadsAtOnce = random.Next(2) == 0;
        pair.OnMoment = () => AssertBounds(pair);
        List<(End Client, End Server)> streams = [];
        for (var moment = 0; moment < 40; moment++)
        {
            if (streams.Count < 12 && random.Next(3) == 0 && pair.Client.Engine.CanOpen)
            {
                var id = pair.Client.Open();
                streams.Add((new End(pair.Client, id), new End(pair.Server, id)));
            }

            foreach (var (client, server) in streams)
            {
                client.Act(random);
                server.Act(random);
            }

            pair.DriveFor(random.Next(60) / 1000.0);
        }

        pair.Client.ReadsAtOnce = pair.Server.ReadsAtOnce = true;
        pair.DriveUntil(() => streams.Count(stream => stream.Client.Finish() & stream.Server.Finish()) == streams.Count, 300);
        foreach (var (client, server) in streams)
        {
            AssertDirection(client, server);
            AssertDirection(server, client);
        }

        pair.DriveFor(5);
        foreach (var side in new[] { pair.Client, pair.Server })
        {
            Assert.Null(side.Closed);
            Assert.Equal((0, 0L, 0L), (side.Engine.ActiveStreams, side.Engine.ReceivedBytesWaiting, side.Engine.CreditBytes));
            Assert.False(side.Engine.HasUnacknowledged);
        }
    });

    private static void AssertBounds(OrderedPair pair)
    {
        foreach (var side in new[] { pair.Client, pair.Server })
        {
            Assert.InRange(side.Engine.CreditBytes, 0, side.Settings.CreditBudgetBytes);
            Assert.InRange(side.Engine.ReceivedBytesWaiting, 0, side.Engine.CreditBytes);
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
        }
    }

    /// <summary>One end of a stream, whose owner does at random what owners do.</summary>
    private sealed class End(OrderedSide side, int id)
    {
        public int Id => id;

        public MemoryStream Sent { get; } = new();

        public bool HasFinished { get; private set; }

        public bool HasReset { get; private set; }

        /// <summary>Null while the server has not heard of the stream.</summary>
        public NativeLog? Log => side.Streams.GetValueOrDefault(id);

        /// <summary>At the server a stream may be reset before it was ever heard of.</summary>
        public bool IsOver => Log?.IsReleased ?? true;

        public void Act(Random random)
        {
            if (Log is not { IsReleased: false } log)
            {
                return;
            }

            switch (random.Next(10))
            {
                case < 5 when !HasFinished && !side.Engine.HasUnsent(id):
                    var bytes = new byte[random.Next(3) == 0 ? random.Next(200_000) : random.Next(2_000)];
                    random.NextBytes(bytes);
                    Sent.Write(bytes);
                    side.Engine.Send(id, bytes);
                    break;
                case 5 or 6:
                    side.Read(id, !log.IsReading);
                    break;
                case 7 when random.Next(3) == 0:
                    HasFinished = true;
                    side.Engine.FinishSending(id);
                    break;
                case 8 when random.Next(10) == 0:
                    HasReset = HasFinished = true;
                    side.Reset(id);
                    break;
            }

            ReleaseIfOver();
        }

        /// <summary>From now on it reads, and has no more to send.</summary>
        public bool Finish()
        {
            if (Log is { IsReleased: false } log)
            {
                if (!log.IsReading)
                {
                    side.Read(id);
                }

                HasFinished = true;
                side.Engine.FinishSending(id);
                ReleaseIfOver();
            }

            return IsOver;
        }

        private void ReleaseIfOver()
        {
            if (Log is { IsReleased: false, HasEnded: true } && HasFinished && side.Engine.IsOver(id))
            {
                side.Release(id);
            }
        }
    }
}
