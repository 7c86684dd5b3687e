using System.Collections;
using System.Globalization;

namespace Proxy.Policy.Health;

/// <summary>HTTP status codes, written as <c>200-299,301,404</c>. Immutable.</summary>
public sealed class HttpStatusSet
{
    private readonly BitArray _codes = new(Highest + 1);

    private HttpStatusSet(string text)
    {
        Text = text;
    }

    /// <summary>2xx and 3xx, as HAProxy takes them.</summary>
    public static HttpStatusSet Default { get; } = TryParse("200-399", out var set, out _) ? set : throw new InvalidOperationException();

    public string Text { get; }

    public bool Contains(int code) => code is >= Lowest and <= Highest && _codes[code];

    /// <summary>Reads a set; false: <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out HttpStatusSet set, out string error)
    {
        set = new HttpStatusSet(text);
        error = "";
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryParseCode(ends[0], out var first) || !TryParseCode(ends[^1], out var last) || first > last)
            {
                error = $"'{part}' is neither a status from {Lowest} to {Highest} nor a range such as 200-299";
                return false;
            }

            for (var code = first; code <= last; code++)
            {
                set._codes[code] = true;
            }
        }

        return true;
    }

    public override string ToString() => Text;

    private static bool TryParseCode(string text, out int code) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out code) && code is >= Lowest and <= Highest;

    private const int Lowest = 100;
    private const int Highest = 599;
}
