using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Policy;

/// <summary>
/// One destination that is allowed or denied: <c>CIDR-or-name[:PORTS]</c>. An address without a prefix is that address alone; IPv6 with ports goes
/// in brackets; a name is exact, or with <c>*.</c> in front any name below it; ports are one, or a range <c>from-to</c>. Immutable.
/// </summary>
public sealed record DestinationRule
{
    private readonly IPNetwork? _network;
    private readonly string _name;
    private readonly int _firstPort;
    private readonly int _lastPort;
    private readonly bool _isInsideSpecialRange;

    private DestinationRule(IPNetwork? network, string name, int firstPort, int lastPort)
    {
        _network = network;
        _name = name;
        _firstPort = firstPort;
        _lastPort = lastPort;
        _isInsideSpecialRange = network is { } inside && SpecialAddresses.Contain(inside);
    }

    /// <summary>Reads a rule; false: <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out DestinationRule rule, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null!;
        if (!TrySplit(text, out var host, out var ports, out error) || !TryParsePorts(ports, out var first, out var last, out error))
        {
            return false;
        }

        var isAddress = TryParseNetwork(host, out var network)
            || (IPAddress.TryParse(host, out var address) && TryMakeHost(address, out network));
        if (!isAddress && !IsName(host))
        {
            error = $"'{host}' is neither an address, nor a network such as 10.0.0.0/8 (with no bit set behind its prefix), nor a name";
            return false;
        }

        rule = new DestinationRule(isAddress ? network : null, host, first, last);
        return true;
    }

    internal bool Allows(string? name, IPAddress address, int port)
    {
        if (port < _firstPort || port > _lastPort)
        {
            return false;
        }

        var isSpecial = SpecialAddresses.Contain(address);
        return _network is { } network
            ? network.Contains(address) && (!isSpecial || _isInsideSpecialRange)
            : name is not null && MatchesName(name) && !isSpecial;
    }

    /// <summary>A denial holds for special addresses, too: it cannot be meant otherwise.</summary>
    internal bool Denies(string? name, IPAddress address, int port) =>
        port >= _firstPort && port <= _lastPort && (_network is { } network ? network.Contains(address) : name is not null && MatchesName(name));

    private bool MatchesName(string name) => _name.StartsWith("*.", StringComparison.Ordinal)
        ? name.EndsWith(_name[1..], StringComparison.OrdinalIgnoreCase)
        : string.Equals(name, _name, StringComparison.OrdinalIgnoreCase);

    // A bit set behind the prefix is a slip of the pen, which IPNetwork would pass over.
    private static bool TryParseNetwork(string text, out IPNetwork network) =>
        IPNetwork.TryParse(text, out network)
        && IPAddress.TryParse(text.AsSpan(0, text.IndexOf('/', StringComparison.Ordinal)), out var written)
        && network.BaseAddress.Equals(written);

    private static bool TryMakeHost(IPAddress address, out IPNetwork network)
    {
        network = new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }

    private static bool TrySplit(string text, out string host, out string ports, out string error)
    {
        (host, ports, error) = (text, "", "");
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
            {
                error = $"'{text}': an IPv6 address in brackets is followed by nothing or by :PORTS";
                return false;
            }

            (host, ports) = (text[1..end], end + 1 < text.Length ? text[(end + 2)..] : "");
            return true;
        }

        // One colon separates ports; more of them are an IPv6 address without ports.
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && text.IndexOf(':', colon + 1) < 0)
        {
            (host, ports) = (text[..colon], text[(colon + 1)..]);
        }

        return true;
    }

    private static bool TryParsePorts(string ports, out int first, out int last, out string error)
    {
        (first, last, error) = (1, ushort.MaxValue, "");
        if (ports.Length == 0)
        {
            return true;
        }

        var dash = ports.IndexOf('-', StringComparison.Ordinal);
        var (from, to) = dash < 0 ? (ports, ports) : (ports[..dash], ports[(dash + 1)..]);
        if (ushort.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            && ushort.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var high)
            && low > 0 && low <= high)
        {
            (first, last) = (low, high);
            return true;
        }

        error = $"'{ports}' is neither a port nor a range of ports such as 1-1024";
        return false;
    }

    private static bool IsName(string host)
    {
        var bare = host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host;
        return bare.Length is > 0 and <= 253
            && bare.Split('.').All(label => label.Length is > 0 and <= 63 && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            && !bare.All(c => char.IsAsciiDigit(c) || c == '.');
    }
}
