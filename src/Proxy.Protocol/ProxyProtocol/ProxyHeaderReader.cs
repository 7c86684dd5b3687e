namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// Reads the PROXY header at the front of a connection, of either version. For connections from which a header is demanded: one without is
/// malformed at its first wrong byte, and nothing is ever guessed to be payload.
/// </summary>
public static class ProxyHeaderReader
{
    /// <summary>The longest header of either version.</summary>
    public const int MaxLengthBytes = ProtocolLimits.ProxyHeaderBytes;

    /// <summary>
    /// Reads the header that <paramref name="source"/> starts with. A header that cannot become right is malformed as soon as its fixed
    /// parts show it, and one that needs more is shorter than <see cref="MaxLengthBytes"/>.
    /// </summary>
    /// <param name="consumedBytes">The header's length when it was read, else 0. What follows is the client's.</param>
    /// <param name="header">Null unless the header was read.</param>
    /// <param name="broken">The rule, when malformed.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out ProxyHeader? header, out ProxyRule broken)
    {
        broken = source is [0x0D, ..]
            ? ProxyHeaderV2.TryRead(source, out consumedBytes, out header)
            : ProxyHeaderV1.TryRead(source, out consumedBytes, out header);
        return (header, broken) switch
        {
            (not null, _) => ReadStatus.Done,
            (null, ProxyRule.None) => ReadStatus.NeedMore,
            _ => ReadStatus.Malformed,
        };
    }
}
