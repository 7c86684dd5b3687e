namespace Proxy.Protocol.Sealing.Datagrams;

/// <summary>What a datagram is; its first byte.</summary>
public enum DatagramKind : byte
{
    /// <summary>A client's first datagram.</summary>
    Hello = 1,

    /// <summary>The server wants to see a cookie first.</summary>
    Retry = 2,

    /// <summary>The server's half of the handshake.</summary>
    HelloReply = 3,

    /// <summary>Anything inside a tunnel.</summary>
    Data = 4,

    /// <summary>The tunnel is gone.</summary>
    Reset = 5,
}
