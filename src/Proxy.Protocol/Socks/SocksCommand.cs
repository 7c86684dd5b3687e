namespace Proxy.Protocol.Socks;

/// <summary>What a SOCKS client wants (RFC 1928, 4).</summary>
public enum SocksCommand : byte
{
    Connect = 1,
    Bind = 2,
    UdpAssociate = 3,
}
