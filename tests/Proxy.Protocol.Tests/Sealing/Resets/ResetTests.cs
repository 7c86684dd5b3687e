using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.Protocol.Tests.Sealing.Sessions;

namespace Proxy.Protocol.Tests.Sealing.Resets;

public sealed class ResetTests
{
    private readonly Meeting _meeting = new();

    [Fact]
    public void A_server_that_lost_its_state_can_tell_the_client_so()
    {
        var (client, _) = _meeting.Establish();
        var restarted = new ResetAnswers(new TunnelIds(Enumerable.Repeat((byte)0x77, 32).ToArray()), 0);
        var answer = new byte[ResetMessage.Bytes];

        Assert.True(restarted.TryAnswer(SessionTests.Sealed(client, 100), 0, answer));

        Assert.True(client.IsReset(answer));
        Assert.Equal(1, restarted.Sent);
    }

    [Fact]
    public void A_reset_changed_in_any_byte_proves_nothing()
    {
        var (client, _) = _meeting.Establish();
        var answer = Answer(SessionTests.Sealed(client, 100));
        for (var index = 0; index < answer.Length; index++)
        {
            var changed = answer.ToArray();
            changed[index] ^= (byte)(1 << (index % 8));
            Assert.False(client.IsReset(changed));
            Assert.False(client.IsReset(answer.AsSpan(0, index)));
        }

        Assert.False(client.IsReset([.. answer, 0]));
        Assert.True(client.IsReset(answer));
    }

    [Fact]
    public void A_reset_of_another_tunnel_or_by_another_server_proves_nothing()
    {
        var (client, server) = _meeting.Establish();
        var (other, _) = _meeting.Establish();
        var answer = Answer(SessionTests.Sealed(client, 100));

        Assert.False(other.IsReset(answer));
        Assert.False(server.IsReset(answer));
        var stranger = new byte[ResetMessage.Bytes];
        ResetMessage.Write(stranger, client.Identity.PeerTunnelId, new byte[16]);
        Assert.False(client.IsReset(stranger));
        Assert.Equal(OpenResult.Malformed, SessionTests.Open(client, answer));
    }

    [Fact]
    public void An_id_that_this_node_never_made_meets_silence()
    {
        var (client, _) = _meeting.Establish();
        var datagram = SessionTests.Sealed(client, 100);
        for (var bit = 0; bit < 64; bit++)
        {
            var changed = datagram.ToArray();
            changed[4 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.Empty(Answer(changed));
        }
    }

    [Theory]
    [InlineData(27, false)]
    [InlineData(28, true)]
    public void Nothing_shorter_than_64_bytes_is_answered(int bodyBytes, bool isAnswered)
    {
        var (client, _) = _meeting.Establish();
        Assert.Equal(isAnswered ? 36 : 0, Answer(SessionTests.Sealed(client, bodyBytes)).Length);
    }

    [Fact]
    public void Only_data_is_answered()
    {
        var (_, server) = _meeting.Establish();
        foreach (var kind in Enum.GetValues<DatagramKind>())
        {
            var datagram = new byte[100];
            new DatagramHeader(kind, false, 100, server.Identity.OwnTunnelId, 0).Write(datagram);
            Assert.Equal(kind == DatagramKind.Data, Answer(datagram).Length > 0);
        }
    }

    [Fact]
    public void At_most_a_hundred_are_sent_in_a_second()
    {
        var (client, _) = _meeting.Establish();
        var datagram = SessionTests.Sealed(client, 100);
        var answers = new ResetAnswers(_meeting.ServerSetup.TunnelIds, 0);
        var buffer = new byte[ResetMessage.Bytes];
        for (var second = 0; second < 5; second++)
        {
            var count = Enumerable.Range(0, 1000).Count(index => answers.TryAnswer(datagram, second * 1_000_000L, buffer));
            Assert.Equal(100, count);
        }
    }

    [Fact]
    public void Ids_differ_are_recognised_and_belong_to_their_secret()
    {
        var ids = _meeting.ServerSetup.TunnelIds;
        var drawn = Enumerable.Range(0, 1000).Select(_ => ids.Draw(_meeting.ClientRandom)).ToArray();
        using var other = new TunnelIds(new byte[32]);

        Assert.Equal(1000, drawn.Distinct().Count());
        Assert.All(drawn, id => Assert.True(ids.IsOurs(id)));
        Assert.All(drawn, id => Assert.False(other.IsOurs(id)));
    }

    [Fact]
    public void An_id_says_which_generation_of_the_process_made_it_and_every_generation_knows_it()
    {
        var secret = Enumerable.Repeat((byte)5, TunnelIds.SecretBytesLength).ToArray();
        using var first = new TunnelIds(secret, generation: 7);
        using var second = new TunnelIds(secret, generation: 8);

        var drawn = Enumerable.Range(0, 100).Select(_ => first.Draw(_meeting.ClientRandom)).ToArray();

        Assert.All(drawn, id => Assert.Equal(7, TunnelIds.GenerationOf(id)));
        Assert.All(drawn, id => Assert.True(second.IsOurs(id)));
    }

    private byte[] Answer(byte[] datagram)
    {
        var answer = new byte[ResetMessage.Bytes];
        return new ResetAnswers(_meeting.ServerSetup.TunnelIds, 0).TryAnswer(datagram, 0, answer) ? answer : [];
    }
}
