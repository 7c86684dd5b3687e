using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Handshakes;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

public sealed class RetryTests
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(60_000, false)]
    [InlineData(-60_000, false)]
    [InlineData(60_001, true)]
    [InlineData(-60_001, true)]
    public void Clocks_may_differ_by_a_minute(int serverAheadMilliseconds, bool isRetried)
    {
        var meeting = new Meeting { ServerAhead = serverAheadMilliseconds * Millisecond };
        meeting.Answer(meeting.Hello(meeting.NewClient()));
        Assert.Equal(isRetried ? HelloOutcome.Retry : HelloOutcome.NeedsAgreement, meeting.Outcome);
    }

    [Fact]
    public void A_client_whose_clock_is_years_off_comes_in_with_a_cookie_and_is_told_the_difference()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromDays(5000) };
        var client = meeting.NewClient();
        var first = meeting.Hello(client);
        var retry = meeting.Answer(first);
        Assert.Equal((HelloOutcome.Retry, 76, 0), (meeting.Outcome, retry.Length, meeting.Server.HalfOpen));

        Assert.Null(client.HandleDatagram(retry, meeting.Now, meeting.UtcNow));
        var second = meeting.Hello(client);
        var tunnel = client.HandleDatagram(meeting.Answer(second), meeting.Now, meeting.UtcNow);

        Assert.NotNull(tunnel);
        Assert.Equal(meeting.ServerAhead, client.ClockDifference);
        Assert.NotEqual(first, second);
        Assert.NotEqual(first[101..117], second[101..117]);
        HandshakeTests.Exchange(tunnel.Session, meeting.AtServer!.Session);
    }

    [Fact]
    public void A_cookie_is_good_for_its_address_and_key_and_for_a_minute_or_two()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromDays(1) };
        var client = meeting.NewClient();
        client.HandleDatagram(meeting.Answer(meeting.Hello(client)), meeting.Now, meeting.UtcNow);
        var hello = meeting.Hello(client);

        Assert.Equal(76, meeting.Answer(hello, [127, 0, 0, 1, 0x12, 0x35]).Length);
        Assert.Equal(76, meeting.Answer(hello, [127, 0, 0, 2, 0x12, 0x34]).Length);
        meeting.UtcNow += TimeSpan.FromMinutes(2);
        Assert.Equal(76, meeting.Answer(hello).Length);
        meeting.UtcNow -= TimeSpan.FromMinutes(1);
        Assert.Equal(1200, meeting.Answer(hello).Length);
    }

    [Fact]
    public void A_hello_with_a_cookie_is_good_once()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromDays(1) };
        var client = meeting.NewClient();
        client.HandleDatagram(meeting.Answer(meeting.Hello(client)), meeting.Now, meeting.UtcNow);
        var hello = meeting.Hello(client);
        Assert.Equal(1200, meeting.Answer(hello).Length);
        meeting.Server.Release(meeting.AtServer!.Session.Identity.OwnTunnelId);

        Assert.Empty(meeting.Answer(hello));
        Assert.Equal(HelloOutcome.Replayed, meeting.Outcome);
    }

    [Fact]
    public void Above_a_hundred_half_open_tunnels_a_cookie_is_required()
    {
        var meeting = new Meeting();
        for (var tunnel = 0; tunnel <= 100; tunnel++)
        {
            meeting.Establish();
        }

        var client = meeting.NewClient();
        var retry = meeting.Answer(meeting.Hello(client));
        Assert.Equal((HelloOutcome.Retry, 101), (meeting.Outcome, meeting.Server.HalfOpen));
        client.HandleDatagram(retry, meeting.Now, meeting.UtcNow);
        Assert.NotNull(client.HandleDatagram(meeting.Answer(meeting.Hello(client)), meeting.Now, meeting.UtcNow));

        meeting.Pass(TimeSpan.FromSeconds(5));
        meeting.Establish();
        Assert.Equal((HelloOutcome.NeedsAgreement, 1), (meeting.Outcome, meeting.Server.HalfOpen));
    }

    [Fact]
    public void Above_two_hundred_hellos_a_second_a_cookie_is_required()
    {
        var meeting = new Meeting();
        for (var hello = 0; hello < 200; hello++)
        {
            meeting.Establish();
            meeting.Server.Release(meeting.AtServer!.Session.Identity.OwnTunnelId);
        }

        meeting.Answer(meeting.Hello(meeting.NewClient()));
        Assert.Equal(HelloOutcome.Retry, meeting.Outcome);
        meeting.Pass(5 * Millisecond);
        meeting.Establish();
        meeting.Answer(meeting.Hello(meeting.NewClient()));
        Assert.Equal(HelloOutcome.Retry, meeting.Outcome);
    }

    [Fact]
    public void Strangers_without_a_key_can_not_make_cookies_required()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        for (var forged = 1; forged <= 1000; forged++)
        {
            hello[^forged] ^= 1;
            Assert.Empty(meeting.Answer(hello));
        }

        meeting.Establish();
        Assert.Equal(HelloOutcome.NeedsAgreement, meeting.Outcome);
    }

    [Fact]
    public void A_thousand_half_open_tunnels_are_the_end()
    {
        var meeting = new Meeting();
        meeting.ServerSetup = meeting.ServerSetup with { MaximumHalfOpen = 3 };
        for (var tunnel = 0; tunnel < 3; tunnel++)
        {
            meeting.Establish();
        }

        Assert.Equal(1000, new ServerHandshakeSettings
        {
            Keys = meeting.ServerSetup.Keys,
            Cookies = meeting.ServerSetup.Cookies,
            Replays = meeting.ServerSetup.Replays,
            TunnelIds = meeting.ServerSetup.TunnelIds,
        }.MaximumHalfOpen);
        Assert.Empty(meeting.Answer(meeting.Hello(meeting.NewClient())));
        Assert.Equal((HelloOutcome.Busy, 1), (meeting.Outcome, meeting.Server.Count(HelloOutcome.Busy)));
    }

    [Fact]
    public void A_lost_retry_is_answered_by_another_that_shares_no_bytes_under_the_seal()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromDays(1) };
        var client = meeting.NewClient();
        var hello = meeting.Hello(client);
        var (first, second) = (meeting.Answer(hello), meeting.Answer(hello));

        Assert.NotEqual(first[20..36], second[20..36]);
        Assert.NotEqual(first[36..52], second[36..52]);
        Assert.Null(client.HandleDatagram(second, meeting.Now, meeting.UtcNow));
        meeting.Hello(client);
        client.HandleDatagram(first, meeting.Now, meeting.UtcNow);
        Assert.Equal(1, client.Refused);
    }

    [Fact]
    public void A_server_that_only_ever_asks_for_cookies_is_given_up()
    {
        var meeting = new Meeting();
        meeting.ServerSetup = meeting.ServerSetup with { CookieAboveHalfOpen = -1, CookieAboveHellosPerSecond = 0 };
        var client = meeting.NewClient();
        for (var round = 0; round < 10; round++)
        {
            // The minute of the last cookie is long over whenever the next hello comes.
            meeting.UtcNow += TimeSpan.FromMinutes(3);
            var hello = new byte[1200];
            if (client.TryGetDatagram(meeting.Now, hello, out _))
            {
                client.HandleDatagram(meeting.Answer(hello), meeting.Now, meeting.UtcNow);
            }
        }

        Assert.Equal((5, 1), (client.HellosSent, client.Refused));
        meeting.Now += 5_000_000;
        Assert.False(client.TryGetDatagram(meeting.Now, new byte[1200], out _));
        Assert.Equal(ClientHandshakeState.Failed, client.State);
    }
}
