using System.Globalization;
using Proxy.Policy.Rules;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Rules;

/// <summary>Schedules against a plain model, minute by minute over three days around the night on which a clock is set.</summary>
public sealed class ScheduleModelTests
{
    private const int Minutes = 3 * 24 * 60;

    [Theory]
    [InlineData("Europe/Paris", "2027-03-27")]
    [InlineData("Europe/Paris", "2027-10-30")]
    [InlineData("America/New_York", "2027-03-13")]
    [InlineData("America/New_York", "2027-11-06")]
    [InlineData("Australia/Lord_Howe", "2027-04-03")]
    [InlineData("Australia/Lord_Howe", "2027-10-02")]
    [InlineData("UTC", "2028-02-28")]
    public void A_schedule_holds_when_the_wall_clock_says_so_and_changes_when_it_says(string zoneName, string firstDay)
    {
        var zone = Zones.Named(zoneName);
        var start = new DateTimeOffset(Date(firstDay).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).AddHours(-12);
        AssertClockIsSet(zone, start, isExpected: zoneName != "UTC");

        Property.Check(60, random =>
        {
            var (schedule, text) = RandomSchedule(random, zone, Date(firstDay));
            var holds = new bool[Minutes];
            for (var minute = 0; minute < Minutes; minute++)
            {
                holds[minute] = ModelHolds(schedule, TimeZoneInfo.ConvertTime(start.AddMinutes(minute), zone).DateTime);
                Assert.True(holds[minute] == schedule.HoldsAt(start.AddMinutes(minute)), $"{text} at {start.AddMinutes(minute):u}");
            }

            // The next change is asked for from the middle of a minute too, and from every change.
            for (var minute = 0; minute < Minutes; minute += random.Next(1, 200))
            {
                var from = start.AddMinutes(minute).AddSeconds(random.Next(60));
                var expected = Enumerable.Range(minute + 1, Minutes - minute - 1).FirstOrDefault(later => holds[later] != holds[minute], -1);
                var next = schedule.NextChangeAfter(from);
                if (expected >= 0)
                {
                    Assert.True(next == start.AddMinutes(expected), $"{text} from {from:u}: {next:u}, not {start.AddMinutes(expected):u}");
                }
                else
                {
                    Assert.True(next is null || next >= start.AddMinutes(Minutes), $"{text} from {from:u}: {next:u}, where nothing changes");
                }
            }
        });
    }

    [Fact]
    public void A_schedule_that_covers_another_holds_whenever_the_other_does()
    {
        var zone = Zones.Named("Europe/Paris");
        var first = Date("2027-03-27");
        var start = new DateTimeOffset(first.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).AddHours(-12);
        var covers = 0;
        Property.Check(1_000, random =>
        {
            var (outer, outerText) = RandomSchedule(random, zone, first);
            var (inner, innerText) = RandomSchedule(random, zone, first);
            if (!outer.Covers(inner))
            {
                return;
            }

            covers++;
            for (var minute = 0; minute < Minutes; minute += 5)
            {
                var now = start.AddMinutes(minute);
                Assert.True(outer.HoldsAt(now) || !inner.HoldsAt(now), $"{outerText} does not cover {innerText} at {now:u}");
            }
        });
        Assert.True(covers > 10, $"Only {covers} pairs covered each other.");
    }

    // Written from the words of the documentation, apart from the code under test: which day's window does this wall clock time belong to?
    private static bool ModelHolds(Schedule schedule, DateTime local)
    {
        for (var back = 0; back <= 1; back++)
        {
            var day = local.Date.AddDays(-back);
            var minuteOfDay = (local - day).TotalMinutes;
            var end = schedule.Hours.ToMinute > schedule.Hours.FromMinute ? schedule.Hours.ToMinute : schedule.Hours.ToMinute + 1440;
            var isDay = schedule.Weekdays == Weekdays.All
                || schedule.Weekdays.ToString().Contains(day.DayOfWeek.ToString(), StringComparison.Ordinal);
            if (minuteOfDay >= schedule.Hours.FromMinute && minuteOfDay < end && isDay
                && day >= schedule.FirstDate.ToDateTime(TimeOnly.MinValue) && day <= schedule.LastDate.ToDateTime(TimeOnly.MinValue))
            {
                return true;
            }
        }

        return false;
    }

    private static (Schedule Schedule, string Text) RandomSchedule(Random random, TimeZoneInfo zone, DateOnly around)
    {
        var days = random.Next(2) == 0 ? Weekdays.All : (Weekdays)random.Next(1, 128);
        DailyHours? hours = null;
        if (random.Next(4) > 0)
        {
            // Mostly near the hours at which clocks are set, quarter hours and odd minutes.
            var from = random.Next(2) == 0 ? random.Next(4 * 16) * 15 % 1440 : random.Next(1440);
            var to = random.Next(2) == 0 ? (from + random.Next(1, 120)) % 1440 : random.Next(1, 1441);
            to = to == 0 ? 1440 : to;
            hours = from == to ? null : new DailyHours(from, to);
        }

        var first = random.Next(3) == 0 ? around.AddDays(random.Next(-2, 4)) : (DateOnly?)null;
        var last = random.Next(3) == 0 ? (first ?? around).AddDays(random.Next(3)) : (DateOnly?)null;
        var text = $"{days} {hours} {first:yyyy-MM-dd}..{last:yyyy-MM-dd} {zone.Id}";
        return (new Schedule(days, hours, first, last, zone), text);
    }

    private static void AssertClockIsSet(TimeZoneInfo zone, DateTimeOffset start, bool isExpected) =>
        Assert.Equal(isExpected, zone.GetUtcOffset(start) != zone.GetUtcOffset(start.AddMinutes(Minutes)));

    private static DateOnly Date(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
