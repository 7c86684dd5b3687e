using System.Collections.Frozen;
using System.Numerics;
using Proxy.Hocon.Syntax;

namespace Proxy.Hocon.Typed;

/// <summary>Numbers with units: <c>30s</c>, <c>10 MiB</c>, <c>2 weeks</c>. False with the reason where the text is none.</summary>
internal static class Quantity
{
    private static readonly FrozenDictionary<string, BigInteger> Durations = Units(
        (1, "ns nano nanos nanosecond nanoseconds"),
        (1_000, "us micro micros microsecond microseconds"),
        (1_000_000, " ms milli millis millisecond milliseconds"),
        (1_000_000_000, "s second seconds"),
        (60_000_000_000, "m minute minutes"),
        (3_600_000_000_000, "h hour hours"),
        (86_400_000_000_000, "d day days"));

    private static readonly FrozenDictionary<string, BigInteger> Sizes = SizeUnits();

    /// <summary>A duration in nanoseconds; a number alone is milliseconds. A fraction of a nanosecond is rounded.</summary>
    public static bool TryParseDuration(string text, out long nanoseconds, out string error) =>
        TryParse(text, Durations, isRounded: true, "30s, 500ms, 1h (ns, us, ms, s, m, h, d)", out nanoseconds, out error);

    /// <summary>A size in bytes, not negative; a number alone is bytes. A fraction of a byte is cut off.</summary>
    public static bool TryParseSize(string text, out long bytes, out string error)
    {
        const string Form = "64KiB, 10M, 1GB (K, M, G are powers of 1024; kB, MB, GB of 1000)";
        if (TryParse(text, Sizes, isRounded: false, Form, out bytes, out error) && bytes < 0)
        {
            error = "a size is not negative";
        }

        return error.Length == 0;
    }

    public static bool TryParsePeriod(string text, out HoconPeriod period, out string error)
    {
        const string Form = "7 days, 2w, 1 month, 1y (d, w, m or mo, y)";
        period = default;
        var (number, unit) = Split(text);
        if (!NumberText.TryParse(number, out var mantissa, out var exponent)
            || NumberText.Scale(mantissa, exponent, 1, isRounded: false) is var count && (count < int.MinValue / 7 || count > int.MaxValue / 7))
        {
            error = $"it is no whole number with a unit, as {Form}";
            return false;
        }

        error = "";
        HoconPeriod? found = unit switch
        {
            "" or "d" or "day" or "days" => new HoconPeriod(0, 0, (int)count),
            "w" or "week" or "weeks" => new HoconPeriod(0, 0, (int)count * 7),
            "m" or "mo" or "month" or "months" => new HoconPeriod(0, (int)count, 0),
            "y" or "year" or "years" => new HoconPeriod((int)count, 0, 0),
            _ => null,
        };
        if (exponent < 0)
        {
            error = "a period is a whole number of its unit";
        }
        else if (found is null)
        {
            error = $"'{unit}' is no unit of a period, as {Form}";
        }

        period = found ?? default;
        return error.Length == 0;
    }

    private static bool TryParse(
        string text, FrozenDictionary<string, BigInteger> units, bool isRounded, string form, out long value, out string error)
    {
        value = 0;
        var (number, unit) = Split(text);
        if (!units.TryGetValue(unit, out var factor))
        {
            error = $"'{unit}' is no unit here; write it as {form}";
            return false;
        }

        if (!NumberText.TryParse(number, out var mantissa, out var exponent))
        {
            error = $"'{number}' is no number; write it as {form}";
            return false;
        }

        var scaled = NumberText.Scale(mantissa, exponent, factor, isRounded);
        if (scaled < long.MinValue || scaled > long.MaxValue)
        {
            error = "it is out of range";
            return false;
        }

        value = (long)scaled;
        error = "";
        return true;
    }

    // Blanks, a number, blanks, letters, blanks.
    private static (string Number, string Unit) Split(string text)
    {
        var trimmed = text.AsSpan();
        while (!trimmed.IsEmpty && IsBlank(trimmed[0]))
        {
            trimmed = trimmed[1..];
        }

        while (!trimmed.IsEmpty && IsBlank(trimmed[^1]))
        {
            trimmed = trimmed[..^1];
        }

        var end = trimmed.Length;
        while (end > 0 && char.IsLetter(trimmed[end - 1]))
        {
            end--;
        }

        var unit = trimmed[end..].ToString();
        var number = trimmed[..end];
        while (!number.IsEmpty && IsBlank(number[^1]))
        {
            number = number[..^1];
        }

        return (number.ToString(), unit);
    }

    private static bool IsBlank(char character) => character == '\n' || Characters.IsBlank(character);

    // The group that has the empty name is what a number alone is counted in.
    private static FrozenDictionary<string, BigInteger> Units(params ReadOnlySpan<(BigInteger Factor, string Names)> groups)
    {
        var units = new Dictionary<string, BigInteger>();
        foreach (var (factor, names) in groups)
        {
            foreach (var name in names.Split(' '))
            {
                units[name] = factor;
            }
        }

        return units.ToFrozenDictionary();
    }

    private static FrozenDictionary<string, BigInteger> SizeUnits()
    {
        var units = new Dictionary<string, BigInteger> { [""] = 1, ["B"] = 1, ["b"] = 1, ["byte"] = 1, ["bytes"] = 1, ["k"] = 1024, ["kB"] = 1000 };
        string[] decimals = ["kilo", "mega", "giga", "tera", "peta", "exa", "zetta", "yotta"];
        string[] binaries = ["kibi", "mebi", "gibi", "tebi", "pebi", "exbi", "zebi", "yobi"];
        for (var index = 0; index < decimals.Length; index++)
        {
            var letter = "KMGTPEZY"[index];
            var (thousands, kibis) = (BigInteger.Pow(1000, index + 1), BigInteger.Pow(1024, index + 1));
            units[decimals[index] + "byte"] = units[decimals[index] + "bytes"] = thousands;
            units[binaries[index] + "byte"] = units[binaries[index] + "bytes"] = kibis;
            units[$"{letter}"] = units[$"{letter}i"] = units[$"{letter}iB"] = kibis;
            if (index > 0)
            {
                units[$"{letter}B"] = thousands;
                units[$"{char.ToLowerInvariant(letter)}"] = kibis;
            }
        }

        return units.ToFrozenDictionary();
    }
}
