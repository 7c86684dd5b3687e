using Proxy.TestKit;

namespace Proxy.Kcp.Tests;

public sealed class MessageTests
{
    private static readonly KcpSettings Messages = KcpSettings.VproxyFast3 with { StreamMode = false };

    [Fact]
    public void Messages_arrive_as_they_were_sent()
    {
        using var pair = new KcpPair(Messages);
        byte[][] messages = [[1], [], Bytes.Random(1226), Bytes.Random(1227), Bytes.Random(10_000)];

        foreach (var message in messages)
        {
            pair.Client.WriteMessage(message);
        }

        pair.Drive();

        Assert.Equal(messages, pair.Server.ReceivedMessages);
        Assert.Equal(1 + 1 + 1 + 2 + 9, pair.Client.Engine.Statistics.SegmentsSent);
    }

    [Fact]
    public void A_message_is_not_there_before_its_last_fragment()
    {
        using var pair = new KcpPair(Messages);
        pair.Client.WriteMessage(Bytes.Random(3000));
        pair.FlushClient();
        pair.ToServer.Lose(2);
        pair.Advance(10);

        pair.Settle();

        Assert.Equal(2, pair.Server.Engine.ReceivedSegments);
        Assert.Null(pair.Server.Engine.PeekMessageBytes());
        pair.Drive();
        Assert.Equal([Bytes.Random(3000)], pair.Server.ReceivedMessages);
    }

    [Fact]
    public void A_message_of_128_fragments_is_too_large_for_any_peer()
    {
        using var pair = new KcpPair(Messages);

        Assert.Equal(KcpMessageStatus.TooLarge, pair.Client.Engine.SendMessage(new byte[(127 * 1226) + 1]));
        Assert.Equal(KcpMessageStatus.Queued, pair.Client.Engine.SendMessage(new byte[127 * 1226]));
    }

    [Fact]
    public void A_message_is_taken_whole_or_not_at_all()
    {
        using var pair = new KcpPair(Messages with { SendBufferSegments = 4 });

        Assert.Equal(KcpMessageStatus.Queued, pair.Client.Engine.SendMessage(new byte[2 * 1226]));
        Assert.Equal(KcpMessageStatus.QueueFull, pair.Client.Engine.SendMessage(new byte[3 * 1226]));
        Assert.Equal(KcpMessageStatus.TooLarge, pair.Client.Engine.SendMessage(new byte[5 * 1226]));

        Assert.Equal(2, pair.Client.Engine.QueuedSegments);
    }

    [Fact]
    public void A_destination_too_small_for_the_message_is_the_callers_mistake_and_loses_nothing()
    {
        using var pair = new KcpPair(Messages);
        pair.Server.IsReading = false;
        pair.Client.WriteMessage([1, 2, 3]);
        pair.Drive();

        Assert.Throws<ArgumentException>(() => pair.Server.Engine.TryReceiveMessage(new byte[2], out _));

        Assert.Equal(3, pair.Server.Engine.PeekMessageBytes());
    }

    [Fact]
    public void Random_messages_survive_a_bad_link()
    {
        Property.Check(30, random =>
        {
            using var pair = new KcpPair(Messages with { SendBufferSegments = 200 }, random: random);
            foreach (var link in pair.Links)
            {
                link.LossRate = 0.1;
                link.JitterMilliseconds = 20;
                link.DuplicationRate = 0.05;
            }

            var messages = Enumerable.Range(0, 60).Select(_ => Bytes.Random(random, random.Next(random.Next(20_000) + 1))).ToArray();
            foreach (var message in messages)
            {
                pair.Client.WriteMessage(message);
            }

            pair.DriveUntil(() => pair.Server.ReceivedMessages.Count == messages.Length);

            Assert.Equal(messages, pair.Server.ReceivedMessages);
        });
    }
}
