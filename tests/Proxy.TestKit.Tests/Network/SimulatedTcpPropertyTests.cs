using Proxy.Transport;
using Proxy.Transport.Tests.Contract;
using static Proxy.TestKit.Tests.Network.SimulationFixture;

namespace Proxy.TestKit.Tests.Network;

public sealed class SimulatedTcpPropertyTests
{
    private const int BytesEachWay = 100_000;

    /// <summary>
    /// Both ends send at chance sizes and moments, pause and resume, and end at last, while the network loses, reorders, duplicates and is cut
    /// off for a while. The plain model: what was sent is what was received, then comes the end, and both hosts forget the connection.
    /// </summary>
    [Fact]
    public void A_stream_stays_whole_in_any_weather() => Property.Check(25, random =>
    {
        var fixture = new SimulationFixture(random.Next());
        var world = fixture.World;
        world.Network.TcpWindowBytes = random.Next(1, 100_000);
        world.Network.Install(new BlackoutRule(Milliseconds(random.Next(2_000)), Milliseconds(random.Next(4_000))));
        world.Network.Install(NetworkRule.Together(
            new LossRule(random.NextDouble() * 0.05),
            new ReorderingRule(random.NextDouble() * 0.3, Milliseconds(random.Next(20))),
            new DuplicationRule(random.NextDouble() * 0.3, Milliseconds(random.Next(50)))));
        var (left, right) = (new RecordingChannelHandler(), new RecordingChannelHandler());
        var (client, server) = fixture.Connect(left, right);
        var ends = new[] { new End(fixture.LeftLoop, client, random), new End(fixture.RightLoop, server, random) };
        while (ends.Any(end => !end.HasSentAll))
        {
            var end = ends[random.Next(2)];
            end.Loop.Run(() => end.Act(random));
            world.RunFor(Milliseconds(random.Next(20)));
        }

        Array.ForEach(ends, end => end.Loop.Run(end.Channel.ResumeReceive));
        world.RunUntil(() => left.HasEnded && right.HasEnded, TimeSpan.FromMinutes(60));
        Array.ForEach(ends, end => end.Loop.Run(end.Channel.Close));
        world.RunFor(TimeSpan.FromSeconds(10));

        Assert.Equal(ends[0].Bytes, right.Received);
        Assert.Equal(ends[1].Bytes, left.Received);
        Assert.Equal((0, 0), (fixture.Left.OpenTcpSockets, fixture.Right.OpenTcpSockets));
        Assert.Equal((0, 0), (fixture.LeftLoop.Counters.OpenChannels, fixture.RightLoop.Counters.OpenChannels));
    });

    private sealed class End
    {
        private int _sent;

        public End(SimulatedLoop loop, IChannel channel, Random random)
        {
            (Loop, Channel) = (loop, channel);
            random.NextBytes(Bytes);
        }

        public SimulatedLoop Loop { get; }

        public IChannel Channel { get; }

        public byte[] Bytes { get; } = new byte[BytesEachWay];

        public bool HasSentAll => _sent == Bytes.Length;

        public void Act(Random random)
        {
            switch (random.Next(4))
            {
                case 0:
                    Channel.PauseReceive();
                    break;
                case 1:
                    Channel.ResumeReceive();
                    break;
                default:
                    SendSome(random);
                    break;
            }
        }

        private void SendSome(Random random)
        {
            if (HasSentAll || Channel.HasUnsent)
            {
                return;
            }

            var count = Math.Min(random.Next(1, 30_000), Bytes.Length - _sent);
            Channel.Send(Bytes.AsSpan(_sent, count));
            _sent += count;
            if (HasSentAll)
            {
                Channel.ShutdownSend();
            }
        }
    }
}
