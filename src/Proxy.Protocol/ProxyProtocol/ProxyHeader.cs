using System.Net;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// Whom a connection was opened for, as a trusted proxy says at its front (PROXY protocol, haproxy's proxy-protocol.txt). Immutable.
/// Where a header has no addresses, those of the connection itself hold.
/// </summary>
public sealed class ProxyHeader
{
    private ProxyHeader(ProxyTransport transport, IPEndPoint? source, IPEndPoint? destination)
    {
        Transport = transport;
        Source = source;
        Destination = destination;
    }

    /// <summary>The sender speaks for itself, such as for a health check (LOCAL).</summary>
    public static ProxyHeader Local { get; } = new(ProxyTransport.Unspecified, null, null) { IsLocal = true };

    /// <summary>The sender speaks for somebody whose addresses it cannot tell (UNKNOWN, UNSPEC, or UNIX sockets).</summary>
    public static ProxyHeader Unspecified { get; } = new(ProxyTransport.Unspecified, null, null);

    /// <summary>Whether the connection is the sender's own.</summary>
    public bool IsLocal { get; private init; }

    /// <summary>Unspecified where there are no addresses.</summary>
    public ProxyTransport Transport { get; }

    /// <summary>The client; null, together with <see cref="Destination"/>, where the connection's own addresses hold.</summary>
    public IPEndPoint? Source { get; }

    /// <summary>What the client connected to.</summary>
    public IPEndPoint? Destination { get; }

    /// <summary>What else is known; only version 2 carries it, and only beside addresses.</summary>
    public ProxyFields Fields { get; init; } = ProxyFields.Empty;

    /// <summary>IPv4 addresses inside IPv6 are unpacked, so that rules see one form.</summary>
    public static ProxyHeader Of(IPEndPoint source, IPEndPoint destination, ProxyTransport transport = ProxyTransport.Stream)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        return new ProxyHeader(transport, Plain(source), Plain(destination));
    }

    public ProxyHeader With(ProxyFields fields) => new(Transport, Source, Destination) { IsLocal = IsLocal, Fields = fields };

    private static IPEndPoint Plain(IPEndPoint endpoint) => new(
        endpoint.Address.IsIPv4MappedToIPv6 ? endpoint.Address.MapToIPv4() : new IPAddress(endpoint.Address.GetAddressBytes()),
        endpoint.Port);
}
