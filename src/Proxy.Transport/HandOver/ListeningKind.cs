namespace Proxy.Transport.HandOver;

/// <summary>What a listening socket is for.</summary>
public enum ListeningKind
{
    Tcp,

    Udp,

    /// <summary>Streams at a path of this machine.</summary>
    Unix,

    /// <summary>The admin address, which is not a loop's.</summary>
    Admin,
}
