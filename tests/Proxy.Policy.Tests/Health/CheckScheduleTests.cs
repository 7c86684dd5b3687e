using Proxy.Policy.Health;
using Proxy.TestKit;

namespace Proxy.Policy.Tests.Health;

public sealed class CheckScheduleTests
{
    private const long Second = 1_000_000;

    private static readonly CheckSettings Even = CheckSettings.Default with { JitterPercent = 0 };

    [Fact]
    public void The_first_check_comes_at_random_within_the_first_interval() => Property.Check(50, random =>
    {
        var schedule = new CheckSchedule(Even, random, nowMicroseconds: 5 * Second);
        Assert.InRange(schedule.NextDeadlineMicroseconds, 5 * Second, 7 * Second);
    });

    [Fact]
    public void Nothing_is_done_before_the_time()
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        Assert.Equal(CheckAction.None, schedule.HandleDeadline(schedule.NextDeadlineMicroseconds - 1));
        Assert.Equal(CheckAction.Begin, schedule.HandleDeadline(schedule.NextDeadlineMicroseconds));
    }

    [Fact]
    public void One_check_runs_at_a_time_until_its_timeout()
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        var start = schedule.NextDeadlineMicroseconds;
        schedule.HandleDeadline(start);
        Assert.Equal(start + (1 * Second), schedule.NextDeadlineMicroseconds);
        Assert.Equal(CheckAction.None, schedule.HandleDeadline(start + (1 * Second) - 1));
        Assert.Equal(CheckAction.TimeOut, schedule.HandleDeadline(start + (1 * Second)));
        schedule.HandleResult(hasPassed: false, start + (1 * Second));
        Assert.Equal(start + (2 * Second), schedule.NextDeadlineMicroseconds);
    }

    [Fact]
    public void A_result_without_a_check_is_not_counted()
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        Assert.False(schedule.HandleResult(hasPassed: false, 1));
        Assert.Equal((CheckVerdict.Unknown, 0), (schedule.Verdict, schedule.TotalFailed));
    }

    [Theory]
    [InlineData(true, CheckVerdict.Up)]
    [InlineData(false, CheckVerdict.Down)]
    public void The_first_result_decides_alone(bool hasPassed, CheckVerdict verdict)
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        Assert.Equal([true], Run(schedule, hasPassed));
        Assert.Equal(verdict, schedule.Verdict);
    }

    [Fact]
    public void So_many_failures_in_a_row_bring_a_server_down_and_so_many_passes_up()
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        Assert.Equal([true, false, false, true], Run(schedule, true, false, false, false));
        Assert.Equal([false, true], Run(schedule, true, true));
        Assert.Equal((3, 3), (schedule.TotalPassed, schedule.TotalFailed));
    }

    [Fact]
    public void A_pass_between_failures_starts_the_count_again()
    {
        var schedule = new CheckSchedule(Even, new Random(1), 0);
        Run(schedule, true, false, false, true, false, false);
        Assert.Equal(CheckVerdict.Up, schedule.Verdict);
    }

    [Fact]
    public void Results_that_contradict_the_verdict_are_looked_into_sooner()
    {
        var schedule = new CheckSchedule(Even with { FastInterval = TimeSpan.FromSeconds(0.5) }, new Random(1), 0);
        Assert.Equal(2 * Second, Gap(schedule, hasPassed: true));
        Assert.Equal(Second / 2, Gap(schedule, hasPassed: false));
        Assert.Equal(Second / 2, Gap(schedule, hasPassed: false));
        Assert.Equal(2 * Second, Gap(schedule, hasPassed: false));
        Assert.Equal(2 * Second, Gap(schedule, hasPassed: false));
        Assert.Equal(Second / 2, Gap(schedule, hasPassed: true));
    }

    [Fact]
    public void A_check_longer_than_the_interval_is_followed_at_once()
    {
        var schedule = new CheckSchedule(Even with { Timeout = TimeSpan.FromSeconds(5) }, new Random(1), 0);
        var start = schedule.NextDeadlineMicroseconds;
        schedule.HandleDeadline(start);
        schedule.HandleResult(hasPassed: true, start + (4 * Second));
        Assert.Equal(start + (4 * Second), schedule.NextDeadlineMicroseconds);
    }

    [Fact]
    public void Jitter_stays_within_its_share_and_differs() => Property.Check(20, random =>
    {
        var schedule = new CheckSchedule(CheckSettings.Default, random, 0);
        var gaps = Enumerable.Range(0, 50).Select(_ => Gap(schedule, hasPassed: true)).ToList();
        Assert.All(gaps, gap => Assert.InRange(gap, Second * 18 / 10, Second * 22 / 10));
        Assert.True(gaps.Distinct().Count() > 40, "the intervals hardly differ");
    });

    [Fact]
    public void The_verdict_follows_the_last_results_of_any_history() => Property.Check(100, random =>
    {
        var settings = Even with { Up = random.Next(1, 4), Down = random.Next(1, 4) };
        var schedule = new CheckSchedule(settings, random, 0);
        var results = new List<bool>();
        var isUp = true;
        for (var check = 0; check < 60; check++)
        {
            results.Add(random.Next(2) == 0);
            var streak = results.AsEnumerable().Reverse().TakeWhile(result => result == results[^1]).Count();
            isUp = check == 0 || streak >= (results[^1] ? settings.Up : settings.Down) ? results[^1] : isUp;
            Run(schedule, results[^1]);
            Assert.Equal(isUp ? CheckVerdict.Up : CheckVerdict.Down, schedule.Verdict);
        }
    });

    private static bool[] Run(CheckSchedule schedule, params bool[] results) => [.. results.Select(hasPassed =>
    {
        var now = schedule.NextDeadlineMicroseconds;
        Assert.Equal(CheckAction.Begin, schedule.HandleDeadline(now));
        return schedule.HandleResult(hasPassed, now);
    })];

    private static long Gap(CheckSchedule schedule, bool hasPassed)
    {
        var start = schedule.NextDeadlineMicroseconds;
        Run(schedule, hasPassed);
        return schedule.NextDeadlineMicroseconds - start;
    }
}
