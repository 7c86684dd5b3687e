namespace Proxy.Protocol.Frames;

/// <summary>The type byte of a frame: HTTP/2's numbers (RFC 9113, 6) with the meaning of the tunnel protocol.</summary>
public enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Settings = 4,
    Ping = 6,
    GoAway = 7,

    /// <summary>Credit; native dialect only.</summary>
    WindowUpdate = 8,

    /// <summary>A member of the cluster; native dialect only.</summary>
    Member = 0x20,

    /// <summary>A packet of a flow; native dialect over ordered transports only.</summary>
    Packet = 0x21,

    /// <summary>How busy the server is; native dialect only.</summary>
    Load = 0x22,
}
