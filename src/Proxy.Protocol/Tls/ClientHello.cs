namespace Proxy.Protocol.Tls;

/// <summary>
/// What a TLS client says openly before anything is encrypted: enough to route a connection that is passed through. Immutable.
/// None of it is proven, and with encrypted hellos the name is that of the provider's front.
/// </summary>
/// <param name="ServerName">The host asked for (SNI) in lower case without a final dot; null when the client named none, or an address.</param>
/// <param name="ApplicationProtocols">
/// What the client offers to speak (ALPN), best first, one character per byte: to be escaped in a log. Empty when it offers none; reserved
/// names that only exercise servers (GREASE, RFC 8701) are left out.
/// </param>
/// <param name="Version">The highest TLS version offered, such as 0x0304 for TLS 1.3.</param>
public sealed record ClientHello(string? ServerName, IReadOnlyList<string> ApplicationProtocols, ushort Version);
