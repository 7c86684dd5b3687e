using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

/// <summary>Whatever the link does, what is read is what was written. The model is the plain string of bytes.</summary>
public sealed class StreamProperties
{
    private const int Runs = 25;

    [Fact]
    public void The_stream_survives_loss() =>
        Check(link => link.LossRate = 0.15, link => link.Lost);

    [Fact]
    public void The_stream_survives_duplication() =>
        Check(link => link.DuplicationRate = 0.5, link => link.Duplicated);

    [Fact]
    public void The_stream_survives_reordering() =>
        Check(link => link.JitterMilliseconds = 60, link => link.Sent);

    [Fact]
    public void The_stream_survives_a_slow_and_distant_link() =>
        Check(
            link =>
            {
                link.LatencyMilliseconds = 300;
                link.BytesPerMillisecond = 500;
            },
            link => link.Sent);

    [Fact]
    public void The_stream_survives_damaged_datagrams() =>
        Check(link => link.CorruptionRate = 0.15, link => link.Corrupted);

    [Fact]
    public void The_stream_survives_everything_at_once() =>
        Check(
            link =>
            {
                link.LossRate = 0.1;
                link.DuplicationRate = 0.1;
                link.JitterMilliseconds = 40;
                link.CorruptionRate = 0.05;
                link.BytesPerMillisecond = 2000;
            },
            link => Math.Min(link.Lost, Math.Min(link.Duplicated, link.Corrupted)));

    private static void Check(Action<SimulatedLink> make, Func<SimulatedLink, int> harm)
    {
        Property.Check(Runs, random =>
        {
            var settings = RandomSettings(random);
            using var pair = new KcpPair(settings, random: random, clockOrigin: (uint)random.NextInt64(1L << 32));
            foreach (var link in pair.Links)
            {
                make(link);
            }

            var up = Bytes.Random(random, 100_000 + random.Next(200_000));
            var down = Bytes.Random(random, 100_000);
            pair.Client.Write(up);
            pair.Server.Write(down);
            pair.DriveUntil(() => pair.Server.ReceivedBytes >= up.Length && pair.Client.ReceivedBytes >= down.Length);
            pair.Drive();

            Bytes.AssertSame(up, pair.Server.Received);
            Bytes.AssertSame(down, pair.Client.Received);
            Assert.All(pair.Links, link => Assert.True(harm(link) > 0, "The link did no harm, so nothing was shown."));
            Assert.False(pair.Client.Engine.PeerLostState || pair.Server.Engine.PeerLostState);
            Assert.InRange(pair.Server.Pool.MostRentedBytes, 0, MostBytes(settings));
        });
    }

    private static int MostBytes(KcpSettings settings) =>
        (settings.ReceiveWindowSegments + settings.SendBufferSegments) * settings.MtuBytes;

    private static KcpSettings RandomSettings(Random random)
    {
        var receiveWindow = random.Next(1, 400);
        return new()
        {
            NoDelay = (KcpNoDelay)random.Next(3),
            IntervalMilliseconds = random.Next(10, 50),
            FastResend = random.Next(4),
            EarlyRetransmit = random.Next(2) == 0,
            CongestionWindow = random.Next(2) == 0,
            SendWindowSegments = random.Next(1, 400),
            ReceiveWindowSegments = receiveWindow,
            SendBufferSegments = random.Next(1, 800),

            // What is sent beyond the window is only sent again by timeout, and that may take longer than any test wants to run.
            InitialPeerWindowSegments = Math.Min(128, receiveWindow),
            MtuBytes = random.Next(300, 1500),
            MinimumRtoMilliseconds = random.Next(30, 100),
            DeadLinkTransmissions = 0,
            InitialSequenceNumber = random.Next(2) == 0 ? 0 : (uint)-random.Next(500),
        };
    }
}
