using System.Globalization;
using Proxy.TestKit;
using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Relays;

public sealed class RelayPropertyTests
{
    [Fact]
    public void However_the_sides_talk_stall_and_end_every_byte_arrives_and_the_relay_completes() => Property.Check(500, random =>
    {
        var loop = new ManualLoop();
        var (client, upstream, observer) = (new Peer(), new Peer(), new RecordingObserver());
        new Relay(loop, client.Channel, upstream.Channel, RelaySettings.Default, observer).Start();
        for (var step = 0; step < 60; step++)
        {
            (random.Next(2) == 0 ? client : upstream).Act(random, random.Next(20));
        }

        while (observer.Ends.Count == 0)
        {
            Assert.True(client.Finish(random) | upstream.Finish(random), "Neither side can go on, and the relay has not ended.");
        }

        Assert.Equal(RelayEndKind.Completed, Assert.Single(observer.Ends).Kind);
        Assert.Equal(client.Said + "|[close]", upstream.Channel.Commands);
        Assert.Equal(upstream.Said + "|[close]", client.Channel.Commands);
        Assert.Single(observer.HalfClosed);
        Assert.Equal(0, loop.ArmedDeadlines);
    });

    private sealed class Peer
    {
        private bool _hasEnded;
        private int _words;

        public ScriptedChannel Channel { get; } = new();

        public string Said { get; private set; } = "";

        /// <summary>Does one thing that a peer may do now, if the die says one that it may.</summary>
        public void Act(Random random, int die)
        {
            switch (die)
            {
                case 0:
                    TryEnd();
                    break;
                case < 4:
                    Channel.IsTaking = false;
                    break;
                case < 8:
                    TryDrain();
                    break;
                default:
                    TrySay(random);
                    break;
            }
        }

        /// <summary>Whether there was anything left to do.</summary>
        public bool Finish(Random random) => (random.Next(3) == 0 && TrySay(random)) | TryDrain() | TryEnd();

        private bool TryEnd()
        {
            if (_hasEnded || Channel.IsPaused)
            {
                return false;
            }

            _hasEnded = true;
            Channel.Ends();
            return true;
        }

        private bool TryDrain()
        {
            if (!Channel.HasUnsent)
            {
                return false;
            }

            Channel.Drains();
            return true;
        }

        private bool TrySay(Random random)
        {
            if (_hasEnded || Channel.IsPaused)
            {
                return false;
            }

            var word = (_words++).ToString(CultureInfo.InvariantCulture) + new string('x', random.Next(5));
            Said += word;
            Channel.Receives(word);
            return true;
        }
    }
}
