namespace Proxy.Protocol.ProxyProtocol;

/// <summary>How the client reaches the sender of a PROXY header.</summary>
public enum ProxyTransport : byte
{
    Unspecified = 0,
    Stream = 1,
    Datagram = 2,
}
