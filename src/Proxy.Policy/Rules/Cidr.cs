using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Policy.Rules;

/// <summary>
/// A block of addresses: <c>192.0.2.0/24</c>, <c>2001:db8::/32</c>, or one address. <see cref="PrefixLength"/> counts in 128 bits, as
/// <see cref="NetworkAddress"/> does: an IPv4 /24 is 120. An IPv6 block never means IPv4 addresses, not even <c>::/0</c>;
/// a block written inside ::ffff:0:0/96 is the IPv4 block it maps.
/// </summary>
public readonly record struct Cidr
{
    private Cidr(UInt128 first, int prefixLength)
    {
        First = first;
        PrefixLength = prefixLength;
    }

    /// <summary>The lowest address as a number; no bit behind the prefix is set.</summary>
    public UInt128 First { get; }

    /// <summary>0 to 128.</summary>
    public int PrefixLength { get; }

    public UInt128 Last => First | HostBits(PrefixLength);

    public bool IsIPv4 => PrefixLength >= NetworkAddress.IPv4PrefixOffset && new NetworkAddress(First).IsIPv4;

    public bool Contains(NetworkAddress address) => IsIPv4 == address.IsIPv4 && (address.Value & ~HostBits(PrefixLength)) == First;

    /// <summary>
    /// Reads a block; false: <paramref name="error"/> says what is wrong with it. A bit set behind the prefix is an error: it is a slip of the pen.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Cidr block, out string error)
    {
        (block, error) = (default, "");
        var slash = text.IndexOf('/');
        var addressText = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(addressText, out var parsed))
        {
            error = $"'{text}' is neither an address nor a network such as 10.0.0.0/8";
            return false;
        }

        var bits = parsed.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
        {
            error = $"'{text}' has no prefix length from 0 to {bits} behind the slash";
            return false;
        }

        var address = NetworkAddress.From(parsed);
        block = Around(address, length + (128 - bits));
        if (block.First != address.Value)
        {
            error = $"'{text}' has bits set behind its prefix; the network is {block}";
            return false;
        }

        return true;
    }

    /// <summary>The block of this many bits that holds the address.</summary>
    internal static Cidr Around(NetworkAddress address, int prefixLength) => new(address.Value & ~HostBits(prefixLength), prefixLength);

    public override string ToString() => IsIPv4
        ? $"{new NetworkAddress(First)}/{PrefixLength - NetworkAddress.IPv4PrefixOffset}"
        : $"{new NetworkAddress(First)}/{PrefixLength}";

    // IPAddress reads "10", "0x7f.1" and "010.0.0.1" (octal) as addresses too; whoever writes them means something else.
    // A scope has no place in a list.
    private static bool TryParseAddress(ReadOnlySpan<char> text, out IPAddress address)
    {
        address = IPAddress.None;
        if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = parsed;
        return parsed.AddressFamily == AddressFamily.InterNetworkV6 || text.SequenceEqual(parsed.ToString());
    }

    // A shift by 128 would be a shift by 0.
    private static UInt128 HostBits(int prefixLength) => prefixLength == 0 ? UInt128.MaxValue : ~(UInt128.MaxValue << (128 - prefixLength));
}
