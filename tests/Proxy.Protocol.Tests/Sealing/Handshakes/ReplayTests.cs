using Proxy.Protocol.Sealing.Handshakes;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

public sealed class ReplayTests
{
    [Fact]
    public void A_captured_hello_makes_no_second_tunnel_as_long_as_its_time_is_good()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        Assert.NotEmpty(meeting.Answer(hello));
        meeting.Server.Release(meeting.AtServer!.Session.Identity.OwnTunnelId);
        for (var second = 0; second <= 60; second++)
        {
            Assert.Empty(meeting.Answer(hello));
            Assert.Equal(HelloOutcome.Replayed, meeting.Outcome);
            meeting.Pass(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void A_hello_from_a_fast_clock_is_remembered_until_that_time_is_over()
    {
        var meeting = new Meeting { ServerAhead = TimeSpan.FromSeconds(-60) };
        var hello = meeting.Hello(meeting.NewClient());
        Assert.NotEmpty(meeting.Answer(hello));
        meeting.Server.Release(meeting.AtServer!.Session.Identity.OwnTunnelId);
        meeting.Pass(TimeSpan.FromSeconds(119));

        Assert.Empty(meeting.Answer(hello));
        Assert.Equal(HelloOutcome.Replayed, meeting.Outcome);
    }

    [Fact]
    public void A_half_open_hello_from_another_address_is_not_answered()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        Assert.NotEmpty(meeting.Answer(hello));

        Assert.Empty(meeting.Answer(hello, [10, 0, 0, 1, 0, 80]));
        Assert.Equal(HelloOutcome.Replayed, meeting.Outcome);
    }

    [Fact]
    public void Two_listeners_of_a_process_share_what_they_have_seen()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        Assert.NotEmpty(meeting.Answer(hello));
        var second = new ServerHandshake(meeting.ServerSetup, meeting.ClientRandom, meeting.Now);

        var outcome = second.HandleHello(hello, Meeting.Address, meeting.Now, meeting.UtcNow, new byte[1200], out var answered, out _);
        Assert.Equal((HelloOutcome.Replayed, 0), (outcome, answered));
    }

    [Fact]
    public void What_was_seen_is_forgotten_after_two_to_four_minutes_and_never_sooner()
    {
        const long Minute = 60_000;
        var replays = new HelloReplays(0, capacity: 100);
        Assert.True(replays.TryAdd(1, Minute));
        Assert.False(replays.TryAdd(1, Minute));
        Assert.True(replays.Contains(1, 3 * Minute));
        Assert.False(replays.TryAdd(1, 3 * Minute));
        Assert.False(replays.Contains(1, 5 * Minute));

        Assert.True(replays.TryAdd(2, 5 * Minute));
        Assert.False(replays.Contains(2, 60 * Minute));
    }

    [Fact]
    public void When_it_is_full_nothing_new_is_taken_until_the_old_is_out_of_date()
    {
        var replays = new HelloReplays(0, capacity: 2);
        Assert.True(replays.TryAdd(1, 0));
        Assert.True(replays.TryAdd(2, 0));
        Assert.False(replays.TryAdd(3, 0));
        Assert.True(replays.Contains(1, 0));
        Assert.True(replays.TryAdd(3, 120_000));
    }
}
