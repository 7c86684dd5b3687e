namespace Proxy.Protocol.Parts;

/// <summary>What a part of a native datagram's body is; the byte it starts with.</summary>
public enum PartType : byte
{
    /// <summary>KCP segments, with a length in front.</summary>
    Kcp = 0,

    /// <summary>One UDP packet of a flow, or a fragment of one.</summary>
    Udp = 1,

    /// <summary>Which datagram numbers arrived.</summary>
    Acknowledgement = 2,

    /// <summary>Asks whoever reads this path's datagrams to echo 8 bytes.</summary>
    PathChallenge = 3,

    /// <summary>The echo.</summary>
    PathResponse = 4,

    /// <summary>One shard of forward error correction.</summary>
    Fec = 5,

    /// <summary>Numbers that were rebuilt by forward error correction: lost on the way all the same.</summary>
    Recovered = 6,

    /// <summary>Nothing, to the end of the datagram.</summary>
    Padding = 7,

    /// <summary>Ends the tunnel.</summary>
    Close = 8,

    /// <summary>Half of a KCP segment that is too large for a datagram.</summary>
    Piece = 9,

    /// <summary>KCP segments to the end of the datagram.</summary>
    KcpToEnd = 0x20,
}

/// <summary>What <see cref="PartType"/> values mean to who does not know them.</summary>
public static class PartTypes
{
    /// <summary>From here on an unknown type hides the rest of its datagram and nothing else; below, it ends the tunnel.</summary>
    public const byte FirstIgnorable = 0x40;
}
