using System.Globalization;

namespace Proxy.Policy.Rules;

/// <summary>
/// Reads schedules as the configuration writes them: days <c>mon</c> to <c>sun</c> or ranges of them (<c>mon-fri</c>, <c>sat-mon</c>), hours
/// <c>08:00-18:00</c> (also over midnight, <c>22:00-06:00</c>; the end may be 24:00), dates <c>2026-12-24</c>, a zone by its IANA name.
/// </summary>
public static class ScheduleText
{
    // Longer than any zone's name; it becomes a path of a file.
    private const int MaximumZoneNameLength = 64;

    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Reads all parts and reports every error at once. No days: every day; hours, dates null: no bound; zone null: UTC.</summary>
    public static bool TryParse(
        IReadOnlyList<string> days,
        string? hours,
        string? firstDate,
        string? lastDate,
        string? zone,
        out Schedule schedule,
        out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(days);
        var found = new List<string>();
        var weekdays = days.Count == 0 ? Weekdays.All : Weekdays.None;
        foreach (var day in days)
        {
            weekdays |= Read<Weekdays>(day, TryParseDays, found);
        }

        var parsedHours = hours is null ? DailyHours.WholeDay : Read<DailyHours>(hours, TryParseHours, found);
        var first = firstDate is null ? (DateOnly?)null : Read<DateOnly>(firstDate, TryParseDate, found);
        var last = lastDate is null ? (DateOnly?)null : Read<DateOnly>(lastDate, TryParseDate, found);
        var timeZone = zone is null ? TimeZoneInfo.Utc : Read<TimeZoneInfo>(zone, TryFindZone, found);
        if (found.Count == 0 && last < first)
        {
            found.Add($"the last date {lastDate} is before the first date {firstDate}");
        }

        errors = found;
        schedule = found.Count == 0 ? new Schedule(weekdays, parsedHours, first, last, timeZone!) : null!;
        return found.Count == 0;
    }

    /// <summary>Reads a day or a range of days.</summary>
    public static bool TryParseDays(string text, out Weekdays days, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (days, error) = (Weekdays.None, "");
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var first = DayIndex(dash < 0 ? text : text[..dash]);
        var last = dash < 0 ? first : DayIndex(text[(dash + 1)..]);
        if (first < 0 || last < 0)
        {
            error = $"'{text}' is neither a day (mon, tue, wed, thu, fri, sat, sun) nor a range of days such as mon-fri";
            return false;
        }

        for (var day = first; ; day = (day + 1) % 7)
        {
            days |= (Weekdays)(1 << day);
            if (day == last)
            {
                return true;
            }
        }
    }

    public static bool TryParseHours(string text, out DailyHours hours, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (hours, error) = (DailyHours.WholeDay, "");
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0
            || !TryParseMinute(text.AsSpan(0, dash).TrimEnd(), out var from)
            || !TryParseMinute(text.AsSpan(dash + 1).TrimStart(), out var to)
            || from == DailyHours.MinutesPerDay)
        {
            error = $"'{text}' is no range of hours such as 08:00-18:00 or 22:00-06:00";
            return false;
        }

        // 22:00-00:00 ends with its day.
        to = to == 0 ? DailyHours.MinutesPerDay : to;
        if (from == to || (from == 0 && text.EndsWith("00:00", StringComparison.Ordinal)))
        {
            error = $"'{text}' begins and ends at the same time; the whole day is 00:00-24:00";
            return false;
        }

        hours = new(from, to);
        return true;
    }

    public static bool TryParseDate(string text, out DateOnly date, out string error)
    {
        error = "";
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date)
            && date >= Schedule.EarliestDate && date <= Schedule.LatestDate)
        {
            return true;
        }

        error = $"'{text}' is no date such as 2026-12-24";
        return false;
    }

    /// <summary>Finds a zone in the machine's time zone data (Debian: package tzdata); UTC is always there.</summary>
    public static bool TryFindZone(string name, out TimeZoneInfo zone, out string error)
    {
        ArgumentNullException.ThrowIfNull(name);
        error = "";
        if (name.Length <= MaximumZoneNameLength && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var found))
        {
            zone = found;
            return true;
        }

        zone = TimeZoneInfo.Utc;
        error = $"'{name}' is no time zone this machine knows (names such as Europe/Paris, from the package tzdata)";
        return false;
    }

    private delegate bool Reader<T>(string text, out T value, out string error);

    private static T? Read<T>(string text, Reader<T> reader, List<string> errors)
    {
        if (reader(text, out var value, out var error))
        {
            return value;
        }

        errors.Add(error);
        return default;
    }

    private static int DayIndex(string name) => Array.IndexOf(DayNames, name.Trim().ToLowerInvariant());

    private static bool TryParseMinute(ReadOnlySpan<char> text, out int minute)
    {
        minute = 0;
        if (text.Length != 5 || text[2] != ':'
            || !int.TryParse(text[..2], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(text[3..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
        {
            return false;
        }

        minute = (hours * 60) + minutes;
        return minutes < 60 && minute <= DailyHours.MinutesPerDay;
    }
}
