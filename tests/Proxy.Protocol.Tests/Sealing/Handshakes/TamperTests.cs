using Proxy.Protocol.Sealing.Handshakes;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

public sealed class TamperTests
{
    [Fact]
    public void A_hello_changed_in_any_byte_is_not_answered_and_makes_no_state()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        for (var index = 0; index < hello.Length; index++)
        {
            var changed = hello.ToArray();
            changed[index] ^= (byte)(1 << (index % 8));
            Assert.Empty(meeting.Answer(changed));
            Assert.Equal(0, meeting.Server.HalfOpen);
        }

        Assert.NotEmpty(meeting.Answer(hello));
    }

    [Fact]
    public void A_hello_cut_or_lengthened_is_not_answered()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        for (var length = 0; length < hello.Length; length++)
        {
            Assert.Empty(meeting.Answer(hello[..length]));
        }

        Assert.Empty(meeting.Answer([.. hello, 0]));
        Assert.Equal(hello.Length + 1, meeting.Server.Count(HelloOutcome.Malformed));
    }

    [Fact]
    public void A_reply_changed_in_any_byte_makes_no_tunnel()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var reply = meeting.Answer(meeting.Hello(client));
        var others = 0;
        for (var index = 0; index < reply.Length; index++)
        {
            var changed = reply.ToArray();
            changed[index] ^= (byte)(1 << (index % 8));
            // A client looks at a bounded number of replies; another client with the same bytes stands in when that is used up.
            if (index % 50 == 49)
            {
                meeting = new Meeting();
                client = meeting.NewClient();
                Assert.Equal(reply, meeting.Answer(meeting.Hello(client)));
                others++;
            }

            Assert.Null(client.HandleDatagram(changed, meeting.Now, meeting.UtcNow));
        }

        Assert.Equal(24, others);
        Assert.NotNull(client.HandleDatagram(reply, meeting.Now, meeting.UtcNow));
    }

    [Fact]
    public void A_reply_cut_anywhere_makes_no_tunnel()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var reply = meeting.Answer(meeting.Hello(client));
        for (var length = 0; length < reply.Length; length++)
        {
            Assert.Null(client.HandleDatagram(reply.AsSpan(0, length), meeting.Now, meeting.UtcNow));
        }

        Assert.NotNull(client.HandleDatagram(reply, meeting.Now, meeting.UtcNow));
    }

    [Fact]
    public void A_retry_changed_in_any_byte_or_cut_changes_nothing()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromDays(1) };
        var client = meeting.NewClient();
        var retry = meeting.Answer(meeting.Hello(client));
        for (var index = 0; index < retry.Length; index++)
        {
            var changed = retry.ToArray();
            changed[index] ^= (byte)(1 << (index % 8));
            client.HandleDatagram(changed, meeting.Now, meeting.UtcNow);
            client.HandleDatagram(retry.AsSpan(0, index), meeting.Now, meeting.UtcNow);
            Assert.False(client.TryGetDatagram(meeting.Now, new byte[1200], out _));
        }

        client.HandleDatagram(retry, meeting.Now, meeting.UtcNow);
        Assert.True(client.TryGetDatagram(meeting.Now, new byte[1200], out _));
    }

    [Fact]
    public void Forged_replies_cost_a_bounded_number_of_agreements()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var reply = meeting.Answer(meeting.Hello(client));
        var forged = reply.ToArray();
        forged[^1] ^= 1;
        for (var attempt = 0; attempt < 64; attempt++)
        {
            Assert.Null(client.HandleDatagram(forged, meeting.Now, meeting.UtcNow));
        }

        // What comes now is not looked at, not even the right one: the next handshake may do better.
        Assert.Null(client.HandleDatagram(reply, meeting.Now, meeting.UtcNow));
    }
}
