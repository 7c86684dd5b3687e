using System.Globalization;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

public sealed class ScheduleTests
{
    // 2026-03-02 is a Monday.
    [Theory]
    [InlineData("2026-03-02T07:59:59Z", false)]
    [InlineData("2026-03-02T08:00:00Z", true)]
    [InlineData("2026-03-02T17:59:59Z", true)]
    [InlineData("2026-03-02T18:00:00Z", false)]
    [InlineData("2026-03-07T12:00:00Z", false)]
    public void Hours_hold_on_their_days_and_the_end_is_not_included(string now, bool holds) =>
        Assert.Equal(holds, Read(["mon-fri"], "08:00-18:00").HoldsAt(Instant(now)));

    [Theory]
    [InlineData("2026-03-06T21:59:00Z", false)]
    [InlineData("2026-03-06T22:00:00Z", true)]
    [InlineData("2026-03-07T05:59:00Z", true)]
    [InlineData("2026-03-07T06:00:00Z", false)]
    [InlineData("2026-03-06T05:00:00Z", false)]
    [InlineData("2026-03-07T23:00:00Z", false)]
    public void Hours_over_midnight_belong_to_the_day_they_begin_on(string now, bool holds) =>
        Assert.Equal(holds, Read(["fri"], "22:00-06:00").HoldsAt(Instant(now)));

    [Theory]
    [InlineData("2026-12-23T23:59:59Z", false)]
    [InlineData("2026-12-24T00:00:00Z", true)]
    [InlineData("2026-12-26T23:59:59Z", true)]
    [InlineData("2026-12-27T00:00:00Z", false)]
    public void The_last_date_is_included(string now, bool holds) =>
        Assert.Equal(holds, Read([], null, "2026-12-24", "2026-12-26").HoldsAt(Instant(now)));

    [Fact]
    public void Hours_over_midnight_run_past_the_last_date()
    {
        var schedule = Read([], "22:00-06:00", "2026-12-24", "2026-12-24");

        Assert.False(schedule.HoldsAt(Instant("2026-12-24T05:00:00Z")));
        Assert.True(schedule.HoldsAt(Instant("2026-12-25T05:00:00Z")));
        Assert.Equal(Instant("2026-12-24T22:00:00Z"), schedule.NextChangeAfter(Instant("2026-01-01T00:00:00Z")));
        Assert.Equal(Instant("2026-12-25T06:00:00Z"), schedule.NextChangeAfter(Instant("2026-12-24T22:00:00Z")));
        Assert.Null(schedule.NextChangeAfter(Instant("2026-12-25T06:00:00Z")));
    }

    [Fact]
    public void Hours_that_the_clock_jumps_into_hold_from_the_jump()
    {
        var schedule = InParis("02:30-03:30");

        // 2027-03-28: 01:00 UTC is 03:00 in Paris, right after 01:59.
        Assert.False(schedule.HoldsAt(Instant("2027-03-28T00:59:59Z")));
        Assert.True(schedule.HoldsAt(Instant("2027-03-28T01:00:00Z")));
        Assert.True(schedule.HoldsAt(Instant("2027-03-28T01:29:59Z")));
        Assert.False(schedule.HoldsAt(Instant("2027-03-28T01:30:00Z")));
        Assert.Equal(Instant("2027-03-28T01:00:00Z"), schedule.NextChangeAfter(Instant("2027-03-27T12:00:00Z")));
        Assert.Equal(Instant("2027-03-28T01:30:00Z"), schedule.NextChangeAfter(Instant("2027-03-28T01:00:00Z")));
    }

    [Fact]
    public void Hours_inside_the_jump_do_not_happen_that_day()
    {
        var schedule = InParis("02:15-02:45");

        Assert.Equal(Instant("2027-03-27T01:15:00Z"), schedule.NextChangeAfter(Instant("2027-03-27T00:00:00Z")));
        Assert.Equal(Instant("2027-03-29T00:15:00Z"), schedule.NextChangeAfter(Instant("2027-03-28T00:00:00Z")));
    }

    [Fact]
    public void Hours_that_come_twice_hold_twice()
    {
        var schedule = InParis("02:30-03:30");

        // 2027-10-31: the clock shows 02:00 to 03:00 from 00:00 UTC and again from 01:00 UTC.
        var changes = new List<DateTimeOffset>();
        for (var at = Instant("2027-10-31T00:00:00Z"); changes.Count < 4; at = changes[^1])
        {
            changes.Add(schedule.NextChangeAfter(at)!.Value);
        }

        Assert.Equal(
            [Instant("2027-10-31T00:30:00Z"), Instant("2027-10-31T01:00:00Z"), Instant("2027-10-31T01:30:00Z"), Instant("2027-10-31T02:30:00Z")],
            changes);
        Assert.True(schedule.HoldsAt(Instant("2027-10-31T00:45:00Z")));
        Assert.False(schedule.HoldsAt(Instant("2027-10-31T01:15:00Z")));
        Assert.True(schedule.HoldsAt(Instant("2027-10-31T02:15:00Z")));
    }

    [Fact]
    public void Every_hour_up_to_a_date_does_not_cover_a_night_that_ends_on_the_next()
    {
        var night = Read([], "22:00-06:00", "2026-12-24", "2026-12-24");

        Assert.False(Read([], null, "2026-12-01", "2026-12-24").Covers(night));
        Assert.True(Read([], null, "2026-12-01", "2026-12-25").Covers(night));
    }

    [Fact]
    public void Schedules_of_two_zones_are_not_compared() =>
        Assert.False(InParis("08:00-18:00").Covers(Read([], "10:00-11:00")));

    [Fact]
    public void Always_never_changes() => Assert.Null(Read([], null).NextChangeAfter(Instant("2026-03-02T00:00:00Z")));

    [Fact]
    public void A_schedule_for_far_dates_changes_first_when_they_come()
    {
        var schedule = Read(["tue"], "10:00-11:00", "2080-01-01", "2080-12-31");

        Assert.Equal(Instant("2080-01-02T10:00:00Z"), schedule.NextChangeAfter(Instant("2026-03-02T00:00:00Z")));
    }

    [Fact]
    public void Dates_without_hours_change_at_their_two_ends()
    {
        var schedule = Read([], null, "2027-01-01", "2030-12-31");

        Assert.Equal(Instant("2027-01-01T00:00:00Z"), schedule.NextChangeAfter(Instant("2000-01-01T00:00:00Z")));
        Assert.Equal(Instant("2031-01-01T00:00:00Z"), schedule.NextChangeAfter(Instant("2027-01-01T00:00:00Z")));
        Assert.Null(schedule.NextChangeAfter(Instant("2031-01-01T00:00:00Z")));
    }

    [Fact]
    public void A_weekday_that_does_not_come_in_its_dates_never_changes() =>
        Assert.Null(Read(["sun"], null, "2026-03-02", "2026-03-06").NextChangeAfter(Instant("2026-01-01T00:00:00Z")));

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void The_ends_of_the_calendar_are_no_error(string now)
    {
        Assert.False(Read(["mon"], "22:00-06:00", "2026-01-01").HoldsAt(Instant("0001-01-01T00:00:00Z")));
        var next = Read([], "22:00-06:00").NextChangeAfter(Instant(now));
        Assert.Equal(now.StartsWith("0001", StringComparison.Ordinal), next is not null);
    }

    private static Schedule InParis(string hours) => new(Weekdays.All, Hours(hours), null, null, Zones.Named("Europe/Paris"));

    private static DailyHours Hours(string text) => ScheduleText.TryParseHours(text, out var hours, out _) ? hours : throw new FormatException(text);

    private static Schedule Read(string[] days, string? hours, string? first = null, string? last = null)
    {
        Assert.True(ScheduleText.TryParse(days, hours, first, last, null, out var schedule, out var errors), string.Join("; ", errors));
        return schedule;
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
