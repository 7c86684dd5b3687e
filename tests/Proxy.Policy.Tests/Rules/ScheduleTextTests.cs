using Proxy.Policy.Rules;

namespace Proxy.Policy.Tests.Rules;

public sealed class ScheduleTextTests
{
    [Theory]
    [InlineData("mon", Weekdays.Monday)]
    [InlineData("SUN", Weekdays.Sunday)]
    [InlineData("mon-fri", Weekdays.All & ~(Weekdays.Saturday | Weekdays.Sunday))]
    [InlineData("sat-mon", Weekdays.Saturday | Weekdays.Sunday | Weekdays.Monday)]
    [InlineData("tue-tue", Weekdays.Tuesday)]
    public void Days_are_named_alone_or_as_a_range(string text, Weekdays days)
    {
        Assert.True(ScheduleText.TryParseDays(text, out var parsed, out _));
        Assert.Equal(days, parsed);
    }

    [Theory]
    [InlineData("08:00-18:00", 480, 1080)]
    [InlineData("22:00-06:00", 1320, 360)]
    [InlineData("22:00-00:00", 1320, 1440)]
    [InlineData("00:00-24:00", 0, 1440)]
    [InlineData("09:30 - 10:45", 570, 645)]
    public void Hours_are_two_times_of_the_day(string text, int from, int to)
    {
        Assert.True(ScheduleText.TryParseHours(text, out var hours, out var error), error);
        Assert.Equal(new DailyHours(from, to), hours);
    }

    [Theory]
    [InlineData("08:00")]
    [InlineData("8:00-18:00")]
    [InlineData("08:00-24:01")]
    [InlineData("24:00-08:00")]
    [InlineData("08:60-09:00")]
    [InlineData("08:00-08:00")]
    [InlineData("00:00-00:00")]
    [InlineData("-")]
    public void What_is_no_range_of_hours_is_an_error(string text)
    {
        Assert.False(ScheduleText.TryParseHours(text, out _, out var error));
        Assert.Contains($"'{text}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_error_is_reported_at_once()
    {
        Assert.False(ScheduleText.TryParse(["mon", "xyz"], "8-9", "2026-02-30", "soon", "Mars/Olympus", out _, out var errors));

        Assert.Equal(5, errors.Count);
    }

    [Fact]
    public void The_last_date_is_not_before_the_first()
    {
        Assert.False(ScheduleText.TryParse([], null, "2026-02-02", "2026-02-01", null, out _, out var errors));

        Assert.Single(errors);
    }

    [Theory]
    [InlineData("../../../etc/passwd")]
    [InlineData("")]
    public void A_zone_is_a_name_and_no_path(string name) => Assert.False(ScheduleText.TryFindZone(name, out _, out _));

    [Fact]
    public void Without_days_and_zone_a_schedule_is_for_every_day_in_UTC()
    {
        Assert.True(ScheduleText.TryParse([], "08:00-18:00", null, null, null, out var schedule, out _));

        Assert.Equal(Weekdays.All, schedule.Weekdays);
        Assert.Equal(TimeZoneInfo.Utc, schedule.Zone);
    }
}
