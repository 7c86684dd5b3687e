namespace Proxy.Node.Commands;

/// <summary>An option's value with extras behind it, each at most once: <c>100,v4=24</c>.</summary>
internal sealed class KeyedText
{
    private readonly Dictionary<string, string> _extras = [];
    private readonly string _text;
    private readonly string _option;
    private readonly string _form;

    private KeyedText(string text, string option, string form)
    {
        (_text, _option, _form) = (text, option, form);
        Head = text.Split(',')[0];
    }

    public string Head { get; }

    public static KeyedText Read(string text, string option, string form, params ReadOnlySpan<string> keys)
    {
        var read = new KeyedText(text, option, form);
        foreach (var part in text.Split(',').AsSpan(1))
        {
            if (part.Split('=', 2) is not [var key, var value] || !keys.Contains(key) || !read._extras.TryAdd(key, value))
            {
                throw read.Wrong($"'{part}' is none of these, or stands twice");
            }
        }

        return read;
    }

    /// <summary>The head without its unit, which has to be there.</summary>
    public string HeadWithout(string unit) => Head.EndsWith(unit, StringComparison.Ordinal) ? Head[..^unit.Length] : throw Wrong($"'{Head}' lacks '{unit}'");

    public int Number(string digits, int lowest, int highest) => Values.Number(digits, lowest, highest, _option, _text);

    /// <summary>The number behind a key, or the default.</summary>
    public int Number(string key, int missing, int lowest, int highest) =>
        _extras.TryGetValue(key, out var digits) ? Number(digits, lowest, highest) : missing;

    /// <summary>The duration behind a key, above 0, or the default.</summary>
    public long Microseconds(string key, long missing)
    {
        if (!_extras.TryGetValue(key, out var text))
        {
            return missing;
        }

        var duration = Values.Duration(text, _option);
        return duration > TimeSpan.Zero ? (long)duration.TotalMicroseconds : throw Wrong($"'{key}={text}' is no duration above 0");
    }

    private UsageException Wrong(string what) => new($"{_option} '{_text}': {_form} is expected; {what}");
}
