using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Protocol.Chains;

/// <summary>Which texts name a host.</summary>
internal static class HostName
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF.:");

    /// <summary>
    /// Lower case, without a final dot, so that one host has one spelling for rules to match.
    /// A name whose last label is a number is refused: resolvers read 2130706433, 0x7f.1 and 127.1 as addresses.
    /// </summary>
    public static bool TryNormalize(ReadOnlySpan<char> text, out string name)
    {
        name = "";
        if (text.Length > ProtocolLimits.NameBytes || text.ContainsAnyExcept(NameCharacters))
        {
            return false;
        }

        var rest = text.EndsWith('.') ? text[..^1] : text;
        var last = ReadOnlySpan<char>.Empty;
        foreach (var range in rest.Split('.'))
        {
            last = rest[range];
            if (last.Length is 0 or > ProtocolLimits.LabelBytes)
            {
                return false;
            }
        }

        if (LooksLikeNumber(last))
        {
            return false;
        }

        name = rest.ToString().ToLowerInvariant();
        return true;
    }

    /// <summary>An IPv4 address in its usual form of four decimal numbers, or an IPv6 address without a zone.</summary>
    public static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;

        // The framework's parser also takes brackets, ports, zones and every short form of IPv4.
        if (text.ContainsAnyExcept(AddressCharacters) || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || IsDottedQuad(text);
    }

    private static bool LooksLikeNumber(ReadOnlySpan<char> label) =>
        !label.ContainsAnyExceptInRange('0', '9')
        || (label.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && (label.Length == 2 || UInt128.TryParse(label[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)));

    private static bool IsDottedQuad(ReadOnlySpan<char> text)
    {
        var parts = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0') || part.ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }

            parts++;
        }

        return parts == 4;
    }
}
