using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using Proxy.Hocon.Syntax;
using Proxy.Hocon.Typed;

namespace Proxy.Hocon;

public readonly partial struct HoconSection
{
    /// <summary>The path that getters take for the section itself.</summary>
    public const string Itself = "";

    private const long NanosecondsInTick = 100;

    /// <summary>A string; numbers and booleans as they were written.</summary>
    public bool TryGetString(string path, out string value, [NotNullWhen(false)] out HoconError? error)
    {
        value = "";
        if (!TryGetText(path, "text", out _, out var text, out error))
        {
            return false;
        }

        value = text;
        return true;
    }

    /// <summary>true, yes, on; false, no, off.</summary>
    public bool TryGetBool(string path, out bool value, [NotNullWhen(false)] out HoconError? error)
    {
        value = false;
        if (!TryGetText(path, "true or false", out var section, out var text, out error))
        {
            return false;
        }

        value = text is "true" or "yes" or "on";
        if (!value && text is not ("false" or "no" or "off"))
        {
            error = section.WrongType("true or false");
        }

        return error is null;
    }

    /// <summary>A whole number; a fraction is cut off.</summary>
    public bool TryGetInt(string path, out int value, [NotNullWhen(false)] out HoconError? error)
    {
        var isRead = TryGetWhole(path, int.MinValue, int.MaxValue, out var number, out error);
        value = (int)number;
        return isRead;
    }

    /// <summary>A whole number; a fraction is cut off.</summary>
    public bool TryGetLong(string path, out long value, [NotNullWhen(false)] out HoconError? error) =>
        TryGetWhole(path, long.MinValue, long.MaxValue, out value, out error);

    /// <summary>A finite number.</summary>
    public bool TryGetDouble(string path, out double value, [NotNullWhen(false)] out HoconError? error)
    {
        value = 0;
        if (!TryGetText(path, "a number", out var section, out var text, out error))
        {
            return false;
        }

        var isNumber = NumberText.TryParse(text.Trim(), out _, out _);
        if (!isNumber || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) || !double.IsFinite(value))
        {
            error = section.WrongType("a number");
        }

        return error is null;
    }

    /// <summary>A duration in nanoseconds; a number alone is milliseconds.</summary>
    public bool TryGetNanoseconds(string path, out long nanoseconds, [NotNullWhen(false)] out HoconError? error)
    {
        nanoseconds = 0;
        return TryGetText(path, "a duration", out var section, out var text, out error)
            && section.Check(Quantity.TryParseDuration(text, out nanoseconds, out var reason), text, reason, out error);
    }

    /// <summary>A duration; a number alone is milliseconds. What is finer than 100 ns is cut off.</summary>
    public bool TryGetDuration(string path, out TimeSpan value, [NotNullWhen(false)] out HoconError? error)
    {
        var isRead = TryGetNanoseconds(path, out var nanoseconds, out error);
        value = new TimeSpan(nanoseconds / NanosecondsInTick);
        return isRead;
    }

    /// <summary>A size in bytes, not negative.</summary>
    public bool TryGetSize(string path, out long bytes, [NotNullWhen(false)] out HoconError? error)
    {
        bytes = 0;
        return TryGetText(path, "a size", out var section, out var text, out error)
            && section.Check(Quantity.TryParseSize(text, out bytes, out var reason), text, reason, out error);
    }

    /// <summary>A period of the calendar; a number alone is days.</summary>
    public bool TryGetPeriod(string path, out HoconPeriod value, [NotNullWhen(false)] out HoconError? error)
    {
        value = default;
        return TryGetText(path, "a period", out var section, out var text, out error)
            && section.Check(Quantity.TryParsePeriod(text, out value, out var reason), text, reason, out error);
    }

    /// <summary>
    /// The elements of a list, or of an object whose keys are numbers, in their order. Each is a section whose path ends in its number; its getters
    /// take <see cref="Itself"/> for the element itself.
    /// </summary>
    public bool TryGetList(string path, out IReadOnlyList<HoconSection> items, [NotNullWhen(false)] out HoconError? error)
    {
        items = [];
        if (!TryResolve(path, out var section, out error))
        {
            return false;
        }

        var list = section.Value as HoconList ?? (section.Value as HoconObject)?.AsList();
        if (list is null)
        {
            error = section.WrongType("a list");
            return false;
        }

        var listPath = section.Path;
        items = [.. list.Select((item, index) => new HoconSection(item, listPath.Append(new HoconPath(index.ToString(CultureInfo.InvariantCulture)))))];
        return true;
    }

    /// <summary>A list of texts.</summary>
    public bool TryGetStrings(string path, out IReadOnlyList<string> values, [NotNullWhen(false)] out HoconError? error)
    {
        var texts = new List<string>();
        values = texts;
        if (!TryGetList(path, out var items, out error))
        {
            return false;
        }

        foreach (var item in items)
        {
            if (!item.TryGetString(Itself, out var text, out error))
            {
                return false;
            }

            texts.Add(text);
        }

        return true;
    }

    private bool TryResolve(string path, out HoconSection section, [NotNullWhen(false)] out HoconError? error) =>
        TryGet(path.Length == 0 ? HoconPath.Root : HoconPath.Parse(path), out section, out error);

    private bool TryGetText(
        string path, string expected, out HoconSection section, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out HoconError? error)
    {
        text = null;
        if (!TryResolve(path, out section, out error))
        {
            return false;
        }

        text = (section.Value as HoconScalar)?.Text;
        if (text is null)
        {
            error = section.WrongType(expected);
        }

        return error is null;
    }

    private bool TryGetWhole(string path, long minimum, long maximum, out long value, [NotNullWhen(false)] out HoconError? error)
    {
        value = 0;
        if (!TryGetText(path, "a number", out var section, out var text, out error))
        {
            return false;
        }

        if (!NumberText.TryParse(text.Trim(), out var mantissa, out var exponent))
        {
            error = section.WrongType("a number");
            return false;
        }

        var number = NumberText.Scale(mantissa, exponent, BigInteger.One, isRounded: false);
        if (number < minimum || number > maximum)
        {
            error = section.Error($"{Shorten(text)} is out of range", $"it lies between {minimum} and {maximum}");
            return false;
        }

        value = (long)number;
        return true;
    }

    private bool Check(bool isRead, string text, string reason, [NotNullWhen(false)] out HoconError? error)
    {
        error = isRead ? null : Error($"'{Shorten(text)}' cannot be read: {reason}");
        return isRead;
    }
}
