namespace Proxy.Tunnel.Native;

/// <summary>Where a peer is, as far as an engine cares: equal or not, and equal but for the port. IPv4 is mapped into IPv6.</summary>
public readonly record struct PathAddress(UInt128 Host, ushort Port);
