using System.Net;
using Proxy.Protocol;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

/// <summary>Reads the PROXY header that a client's connection begins with, and makes the one that a server is given.</summary>
internal static class ProxyHeaders
{
    /// <summary>The header is complete.</summary>
    internal sealed record Received(ProxyHeader Header, byte[] Unread);

    /// <summary>There is no header, or a wrong one.</summary>
    internal sealed record Broken(ProxyRule Rule);

    /// <summary>A <see cref="PreambleReader"/>.</summary>
    public static object? Read(ReadOnlySpan<byte> bytes) => ProxyHeaderReader.TryRead(bytes, out var consumed, out var header, out var broken) switch
    {
        ReadStatus.NeedMore => null,
        ReadStatus.Done => new Received(header!, bytes[consumed..].ToArray()),
        _ => new Broken(broken),
    };

    /// <param name="received">What the client's own header said; it is handed on. Null: it sent none.</param>
    /// <param name="source">The client, where there is no received header; null: it is not known. One that has no address is said to be unknown.</param>
    /// <param name="destination">Where it connected to; null: it is not known.</param>
    /// <param name="session">The client's TLS that ended here, for version 2; it takes the place of received fields. Null: there was none.</param>
    public static byte[] Write(
        ProxyHeaderVersion version, ProxyHeader? received, IPEndPoint? source, IPEndPoint? destination, TlsSession? session = null)
    {
        var header = received ?? (source is null or UnixEndPoint || destination is null or UnixEndPoint ? ProxyHeader.Unspecified : ProxyHeader.Of(source, destination));
        if (session is not null)
        {
            header = header.With(FieldsOf(session));
        }

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

    private static ProxyFields FieldsOf(TlsSession session) => new()
    {
        ApplicationProtocol = session.ApplicationProtocol,
        Authority = session.ServerName,
        Tls = new ProxyTls
        {
            Client = session.PeerName is null ? ProxyTlsClient.Tls : ProxyTlsClient.Tls | ProxyTlsClient.CertificateInConnection,
            Version = session.Version,
            Cipher = session.CipherSuite,
        },
    };
}
