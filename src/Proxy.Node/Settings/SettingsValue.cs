using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Proxy.Hocon;
using Proxy.Node.Commands;

namespace Proxy.Node.Settings;

/// <summary>
/// A value that is set, to be read as what the setting wants. Each getter gives null for what can not be read so, and reports it with its place.
/// </summary>
internal readonly struct SettingsValue(SettingsReading reading, HoconSection section)
{
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(365);

    public HoconSection Section => section;

    public HoconValue Value => section.Value;

    /// <summary>Whether nobody set it: it is what the program's own list of settings says.</summary>
    public bool IsReference => section.Origin.Source.Name == ReferenceText.Name;

    public string? Text() => section.TryGetString(HoconSection.Itself, out var text, out var error) ? text : Fail<string>(error);

    public bool? Switch() => section.TryGetBool(HoconSection.Itself, out var isOn, out var error) ? isOn : Refuse<bool>(error);

    /// <summary>A duration from 0 to a year.</summary>
    public TimeSpan? Duration()
    {
        if (!section.TryGetDuration(HoconSection.Itself, out var time, out var error))
        {
            return Refuse<TimeSpan>(error);
        }

        return time >= TimeSpan.Zero && time <= LongestDuration ? time : Refuse<TimeSpan>("a duration from 0 to 365d is expected");
    }

    /// <summary>A duration above 0.</summary>
    public TimeSpan? Wait() => Duration() is not { } time ? null : time > TimeSpan.Zero ? time : Refuse<TimeSpan>("a duration above 0 is expected");

    /// <summary>A whole number within bounds.</summary>
    public long? Whole(long lowest, long highest)
    {
        if (!section.TryGetDouble(HoconSection.Itself, out var number, out var error) || !section.TryGetLong(HoconSection.Itself, out var whole, out error))
        {
            return Refuse<long>(error);
        }

        return Math.Floor(number) == number && whole >= lowest && whole <= highest
            ? whole
            : Refuse<long>($"'{Shown}' is out of range", $"a whole number from {lowest} to {highest} is expected");
    }

    /// <summary>Bytes within bounds.</summary>
    public long? Size(long lowest, long highest)
    {
        if (!section.TryGetSize(HoconSection.Itself, out var bytes, out var error))
        {
            return Refuse<long>(error);
        }

        return bytes >= lowest && bytes <= highest
            ? bytes
            : Refuse<long>($"'{Shown}' is out of range", $"a size from {lowest} to {highest} bytes is expected");
    }

    /// <summary>A share of a hundred: <c>50%</c>.</summary>
    public int? Percent() => Text() is not { } text ? null
        : text.EndsWith('%') && int.TryParse(text.AsSpan(0, text.Length - 1).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var share) && share <= 100
            ? share
            : Refuse<int>($"'{text}' is no share", "one from 0% to 100% is expected");

    /// <summary>Bytes a second; 0 for no limit.</summary>
    public long? Rate() => Text() is not { } text ? null
        : text == "0" ? 0
        : RateText.TryRate(text, out var rate) ? rate
        : Refuse<long>($"'{text}' is no rate", "500KB/s, 10MiB/s and 8Mbit/s are, from 1 B/s to 1000 GB/s, and 0 for no limit");

    /// <summary>How often a second; 0 for no limit.</summary>
    public int? Frequency(int highest) => Text() is not { } text ? null
        : text == "0" ? 0
        : text.EndsWith("/s", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(0, text.Length - 2).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= highest
            ? number
            : Refuse<int>($"'{text}' is no frequency", $"N/s is expected, up to {highest}/s, or 0 for no limit");

    /// <summary>One of a few words.</summary>
    public T? Choice<T>(params ReadOnlySpan<(string Word, T Meaning)> choices)
        where T : struct
    {
        if (Text() is not { } text)
        {
            return null;
        }

        var words = new List<string>();
        foreach (var (word, meaning) in choices)
        {
            if (word == text)
            {
                return meaning;
            }

            words.Add(word);
        }

        return Refuse<T>($"'{text}' is not possible", Spelling.Hint(text, words));
    }

    /// <summary>
    /// A file. A relative name in a file of the configuration starts at the directory of that file; in the environment or on the command line, at
    /// the working directory.
    /// </summary>
    public string? File() => TryParse(PathOf, out var path) ? path : null;

    /// <summary>The full path of a file that this value names.</summary>
    /// <exception cref="UsageException">It is no name of a file.</exception>
    public string PathOf(string name)
    {
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new UsageException("the name of a file is expected");
        }

        var source = section.Origin.Source;
        var directory = source.Kind == HoconOriginKind.File ? Path.GetDirectoryName(source.Name) : null;
        return string.IsNullOrEmpty(directory) ? Path.GetFullPath(name) : Path.GetFullPath(name, Path.GetFullPath(directory));
    }

    /// <summary>What a reader of the command line makes of the text; what it refuses is reported here.</summary>
    public bool TryParse<T>(Func<string, T> parse, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (Text() is not { } text)
        {
            return false;
        }

        try
        {
            value = parse(text);
            return true;
        }
        catch (UsageException wrong)
        {
            Wrong(wrong.Message.TrimStart());
            return false;
        }
    }

    /// <summary>The elements; one alone may stand without brackets.</summary>
    public IReadOnlyList<SettingsValue> List()
    {
        if (Value is HoconScalar)
        {
            return [this];
        }

        if (!section.TryGetList(HoconSection.Itself, out var items, out var error))
        {
            // An empty object is what is left of a list of numbered keys that were all removed.
            if (Value is not HoconObject { Count: 0 })
            {
                reading.Add(error);
            }

            return [];
        }

        var all = reading;
        return [.. items.Select(item => new SettingsValue(all, item))];
    }

    public IReadOnlyList<string> Texts() => [.. List().Select(item => item.Text()).OfType<string>()];

    public SettingsObject AsObject()
    {
        if (Value is HoconObject fields)
        {
            return new SettingsObject(reading, section, fields);
        }

        Wrong("an object is expected", "{ … }");
        return new SettingsObject(reading, section);
    }

    /// <summary>Reports that this value is wrong.</summary>
    public void Wrong(string message, string hint = "") => reading.Add(section.Error(message, hint));

    private string Shown => Value is HoconScalar scalar ? scalar.Text : "";

    private T? Refuse<T>(string message, string hint = "")
        where T : struct => Refuse<T>(section.Error(message, hint));

    private T? Refuse<T>(HoconError error)
        where T : struct
    {
        reading.Add(error);
        return null;
    }

    private T? Fail<T>(HoconError error)
        where T : class
    {
        reading.Add(error);
        return null;
    }
}
