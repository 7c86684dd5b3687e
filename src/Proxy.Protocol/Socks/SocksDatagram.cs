using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Socks;

/// <summary>
/// The header of a datagram between a SOCKS client and its relay (RFC 1928, 7). Fragments are refused, as nearly everybody does.
/// <code>| 0 (16 bits) | fragment (8 bits) | address | payload... |</code>
/// </summary>
public static class SocksDatagram
{
    /// <summary>The longest header.</summary>
    public const int MaxHeaderBytes = 3 + 1 + 1 + ProtocolLimits.NameBytes + 2;

    /// <summary>Reads the header; <paramref name="payload"/> is what follows. False: it is none, or a fragment.</summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out Destination destination, out ReadOnlySpan<byte> payload)
    {
        destination = Destination.Nowhere;
        payload = default;
        if (datagram is not [0, 0, 0, _, ..])
        {
            return false;
        }

        payload = datagram[3..];
        return AddressCodec.TryTake(ref payload, out destination) == ChainRule.None && destination.Port != 0;
    }

    /// <summary>Writes the header that a reply from <paramref name="source"/> is given, as the client called it, and returns its length.</summary>
    public static int Write(Span<byte> target, Destination source)
    {
        target[..3].Clear();
        return 3 + AddressCodec.Write(target[3..], source);
    }
}
