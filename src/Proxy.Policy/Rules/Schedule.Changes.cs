namespace Proxy.Policy.Rules;

/// <summary>When a schedule begins or ends to hold next.</summary>
public sealed partial record Schedule
{
    // No zone sets its clock twice within this time, so that its offset at both ends tells whether it did.
    private static readonly TimeSpan Stride = TimeSpan.FromHours(6);

    // A pattern of days and hours comes back every week; a week may lose its window to a clock set forward, three in a row do not.
    private static readonly TimeSpan PatternHorizon = TimeSpan.FromDays(20);

    // More than any zone is off UTC, and a window over midnight besides.
    private static readonly TimeSpan DateMargin = TimeSpan.FromDays(3);

    // Beyond this the calendar of .NET ends within reach of the steps taken here.
    private static readonly DateTime LastInstant = new(9990, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>
    /// The first instant after <paramref name="now"/> at which <see cref="HoldsAt(DateTimeOffset)"/> answers otherwise than at it; null: never.
    /// </summary>
    public DateTimeOffset? NextChangeAfter(DateTimeOffset now)
    {
        var utc = now.UtcDateTime;
        if (IsAlways || utc >= LastInstant)
        {
            return null;
        }

        // Nothing that recurs lies further away than the horizon: what remains are the two ends of the range of dates.
        var holds = HoldsAt(utc);
        return FindChange(utc, holds) ?? FindChangeAround(FirstDate, utc, holds) ?? FindChangeAround(LastDate, utc, holds);
    }

    private DateTimeOffset? FindChangeAround(DateOnly date, DateTime after, bool holds)
    {
        if (date < EarliestDate || date > LatestDate)
        {
            return null;
        }

        var from = date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) - DateMargin;
        return from > after ? FindChange(from, holds) : null;
    }

    private DateTimeOffset? FindChange(DateTime from, bool holds)
    {
        var end = from + PatternHorizon;
        for (var start = from; start < end;)
        {
            var offset = Zone.GetUtcOffset(start);
            var next = start + Stride;
            if (Zone.GetUtcOffset(next) != offset)
            {
                next = FirstInstantWithOtherOffset(start, next, offset);
            }

            // Up to the next instant the local clock runs evenly, so the answer changes only at a boundary it shows, or at the jump itself.
            for (var boundary = NextBoundary(start, offset); boundary < next; boundary = NextBoundary(boundary, offset))
            {
                if (HoldsAt(boundary) != holds)
                {
                    return new DateTimeOffset(boundary);
                }
            }

            if (HoldsAt(next) != holds)
            {
                return new DateTimeOffset(next);
            }

            start = next;
        }

        return null;
    }

    private DateTime FirstInstantWithOtherOffset(DateTime before, DateTime after, TimeSpan offset)
    {
        while (after.Ticks - before.Ticks > 1)
        {
            var middle = new DateTime(before.Ticks + ((after.Ticks - before.Ticks) / 2), DateTimeKind.Utc);
            (before, after) = Zone.GetUtcOffset(middle) == offset ? (middle, after) : (before, middle);
        }

        return after;
    }

    private DateTime NextBoundary(DateTime utc, TimeSpan offset)
    {
        var timeOfDay = (utc + offset).TimeOfDay;
        var wait = Min(Until(TimeSpan.Zero), Min(Until(Hours.From), Until(Hours.To)));
        return utc + wait;

        TimeSpan Until(TimeSpan boundary) => boundary > timeOfDay ? boundary - timeOfDay : boundary - timeOfDay + TimeSpan.FromDays(1);
        static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
    }
}
