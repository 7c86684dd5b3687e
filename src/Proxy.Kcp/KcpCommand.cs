namespace Proxy.Kcp;

/// <summary>What a segment is; the wire value of its fifth byte.</summary>
public enum KcpCommand : byte
{
    /// <summary>Carries data.</summary>
    Push = 81,

    /// <summary>Acknowledges one sequence number and echoes the timestamp of the copy that arrived.</summary>
    Acknowledge = 82,

    /// <summary>Asks the peer to tell its window (WASK).</summary>
    AskWindow = 83,

    /// <summary>Tells the own window (WINS).</summary>
    TellWindow = 84,
}
