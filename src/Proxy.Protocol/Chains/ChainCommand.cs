namespace Proxy.Protocol.Chains;

/// <summary>What a hop is asked to do.</summary>
public enum ChainCommand : byte
{
    /// <summary>Connect on and pass bytes both ways.</summary>
    Tcp = 1,

    /// <summary>Pass datagrams.</summary>
    Udp = 2,

    /// <summary>Answer, and return every byte: measures the hop. The destination is not looked at.</summary>
    Echo = 3,
}

/// <summary>What the hop finds at the destination of its header.</summary>
public enum NextHopKind : byte
{
    /// <summary>The real server.</summary>
    Destination = 0,

    /// <summary>A chain listener, for which the stream carries one more header.</summary>
    ChainHop = 1,
}
