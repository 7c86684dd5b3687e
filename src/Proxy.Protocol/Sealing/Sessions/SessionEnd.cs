namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>Why a session can neither seal nor open any more. The tunnel is to be replaced.</summary>
public enum SessionEnd
{
    /// <summary>It can.</summary>
    None = 0,

    /// <summary>So many datagrams did not open that a forger's chance is no longer negligible.</summary>
    TooManyForgeries,

    /// <summary>The key was used for too long without an acknowledgement that would have let it be replaced.</summary>
    KeyExhausted,

    /// <summary>Every number was used.</summary>
    NumbersExhausted,
}
