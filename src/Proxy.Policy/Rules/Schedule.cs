namespace Proxy.Policy.Rules;

/// <summary>
/// When a rule holds: weekdays, hours and a range of dates, all of them by the clock on the wall of one time zone. It holds at an instant if
/// what that clock shows then lies inside. So with hours 02:30-03:30, on the day when the clock jumps from 02:00 to 03:00 it holds from 03:00
/// (the jump) to 03:30, and hours wholly inside the jump do not happen; on the day when 02:00 to 03:00 comes twice it holds whenever the clock
/// shows such a time, here in two parts. Hours over midnight belong to the day on which they begin: Friday 22:00-06:00 ends on Saturday, and so
/// do the dates. The last date is included. Immutable, any thread.
/// </summary>
public sealed partial record Schedule
{
    public static readonly DateOnly EarliestDate = new(1970, 1, 1);
    public static readonly DateOnly LatestDate = new(9000, 12, 31);

    /// <summary>Joins the parts; one that is out of its range is the caller's error. <see cref="ScheduleText"/> reads and checks them.</summary>
    /// <param name="weekdays">Not none.</param>
    /// <param name="hours">Null: the whole day.</param>
    /// <param name="firstDate">Null: since ever. From <see cref="EarliestDate"/> on.</param>
    /// <param name="lastDate">Null: for ever. Up to <see cref="LatestDate"/>, and not before the first.</param>
    /// <param name="zone">Whose clock counts.</param>
    public Schedule(Weekdays weekdays, DailyHours? hours, DateOnly? firstDate, DateOnly? lastDate, TimeZoneInfo zone)
    {
        ArgumentOutOfRangeException.ThrowIfEqual((int)(weekdays & Weekdays.All), 0, nameof(weekdays));
        ArgumentOutOfRangeException.ThrowIfLessThan(firstDate ?? EarliestDate, EarliestDate, nameof(firstDate));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lastDate ?? LatestDate, LatestDate, nameof(lastDate));
        FirstDate = firstDate ?? DateOnly.MinValue;
        LastDate = lastDate ?? DateOnly.MaxValue;
        ArgumentOutOfRangeException.ThrowIfLessThan(LastDate, FirstDate, nameof(lastDate));
        Weekdays = weekdays & Weekdays.All;
        Hours = hours ?? DailyHours.WholeDay;
        Zone = zone;
    }

    public Weekdays Weekdays { get; }

    public DailyHours Hours { get; }

    public DateOnly FirstDate { get; }

    public DateOnly LastDate { get; }

    public TimeZoneInfo Zone { get; }

    /// <summary>Whether the rule holds at this instant.</summary>
    public bool HoldsAt(DateTimeOffset now) => HoldsAt(now.UtcDateTime);

    /// <summary>
    /// Whether this schedule certainly holds whenever the other does. Conservative: true is certain, false may only mean that it can not be
    /// told (schedules in two zones, hours that are covered by two days together).
    /// </summary>
    public bool Covers(Schedule other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (IsAlways)
        {
            return true;
        }

        if (Zone.Id != other.Zone.Id || FirstDate > other.FirstDate)
        {
            return false;
        }

        if (Weekdays == Weekdays.All && Hours == DailyHours.WholeDay)
        {
            return LastDate >= (other.Hours.IsOverMidnight && other.LastDate < DateOnly.MaxValue ? other.LastDate.AddDays(1) : other.LastDate);
        }

        return LastDate >= other.LastDate
            && (Weekdays & other.Weekdays) == other.Weekdays
            && Hours.FromMinute <= other.Hours.FromMinute
            && Hours.EndMinute >= other.Hours.EndMinute;
    }

    /// <summary>Whether no instant is outside.</summary>
    internal bool IsAlways =>
        Weekdays == Weekdays.All && Hours == DailyHours.WholeDay && FirstDate == DateOnly.MinValue && LastDate == DateOnly.MaxValue;

    private bool HoldsAt(DateTime utc)
    {
        var local = ToLocal(utc);
        var date = DateOnly.FromDateTime(local);
        if (!Hours.IsOverMidnight)
        {
            return local.TimeOfDay >= Hours.From && local.TimeOfDay < Hours.To && Includes(date);
        }

        return local.TimeOfDay >= Hours.From
            ? Includes(date)
            : local.TimeOfDay < Hours.To && date > DateOnly.MinValue && Includes(date.AddDays(-1));
    }

    private bool Includes(DateOnly date) => date >= FirstDate && date <= LastDate && ((int)Weekdays & (1 << (int)date.DayOfWeek)) != 0;

    private DateTime ToLocal(DateTime utc)
    {
        var ticks = utc.Ticks + Zone.GetUtcOffset(utc).Ticks;
        return new DateTime(Math.Clamp(ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks), DateTimeKind.Unspecified);
    }
}
