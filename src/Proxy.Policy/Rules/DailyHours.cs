namespace Proxy.Policy.Rules;

/// <summary>
/// A part of the day in minutes from local midnight, the end not included: from 0 to 1439, to 1 to 1440. An end before the beginning lies on
/// the next day. The two are never equal.
/// </summary>
public readonly record struct DailyHours
{
    public const int MinutesPerDay = 24 * 60;

    public static readonly DailyHours WholeDay = new(0, MinutesPerDay);

    public DailyHours(int fromMinute, int toMinute)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromMinute);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fromMinute, MinutesPerDay);
        ArgumentOutOfRangeException.ThrowIfLessThan(toMinute, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(toMinute, MinutesPerDay);
        ArgumentOutOfRangeException.ThrowIfEqual(toMinute, fromMinute);
        FromMinute = fromMinute;
        ToMinute = toMinute;
    }

    public int FromMinute { get; }

    public int ToMinute { get; }

    /// <summary>Whether the end lies on the day after the beginning.</summary>
    public bool IsOverMidnight => ToMinute < FromMinute;

    /// <summary>The end counted from the midnight before the beginning, so past 1440 for hours over midnight.</summary>
    internal int EndMinute => IsOverMidnight ? ToMinute + MinutesPerDay : ToMinute;

    internal TimeSpan From => TimeSpan.FromMinutes(FromMinute);

    internal TimeSpan To => TimeSpan.FromMinutes(ToMinute);

    public override string ToString() => $"{FromMinute / 60:00}:{FromMinute % 60:00}-{ToMinute / 60:00}:{ToMinute % 60:00}";
}
