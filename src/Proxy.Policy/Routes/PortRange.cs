using System.Globalization;

namespace Proxy.Policy.Routes;

/// <summary>Ports from one to another, both included.</summary>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>Reads a port or a range of them, <c>443</c> or <c>8000-8999</c>.</summary>
    public static bool TryParse(string text, out PortRange range, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (range, error) = (default, "");
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var (from, to) = dash < 0 ? (text, text) : (text[..dash], text[(dash + 1)..]);
        if (ushort.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && ushort.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first > 0 && first <= last)
        {
            range = new PortRange(first, last);
            return true;
        }

        error = $"'{text}' is neither a port nor a range of ports such as 1-1024";
        return false;
    }

    public bool Contains(int port) => port >= First && port <= Last;

    public override string ToString() => First == Last ? $"{First}" : $"{First}-{Last}";
}
