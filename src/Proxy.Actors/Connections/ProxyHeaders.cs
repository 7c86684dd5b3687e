using System.Net;
using Proxy.Protocol;
using Proxy.Protocol.ProxyProtocol;

namespace Proxy.Actors;

/// <summary>Makes the PROXY header that a server is given.</summary>
internal static class ProxyHeaders
{
    /// <param name="received">What the client's own header said; it is handed on. Null: it sent none.</param>
    /// <param name="local">Where the client connected to; unknown for what has no socket.</param>
    public static byte[] Write(ProxyHeaderVersion version, ProxyHeader? received, IPEndPoint peer, IPEndPoint? local)
    {
        var header = received ?? (local is null ? ProxyHeader.Unspecified : ProxyHeader.Of(peer, local));
        Span<byte> bytes = stackalloc byte[ProtocolLimits.ProxyHeaderBytes];
        if (version == ProxyHeaderVersion.V1)
        {
            return bytes[..ProxyHeaderV1.Write(bytes, header)].ToArray();
        }

        if (ProxyHeaderV2.TryWrite(bytes, header, withChecksum: false, out var written))
        {
            return bytes[..written].ToArray();
        }

        // The fields of a received header fit into a header of the same limit, so only added ones can be too many.
        ProxyHeaderV2.TryWrite(bytes, header.With(ProxyFields.Empty), withChecksum: false, out written);
        return bytes[..written].ToArray();
    }
}
