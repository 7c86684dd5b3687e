namespace Proxy.Transport;

/// <summary>What the operating system said, classified once, at the edge.</summary>
public enum TransportFaultKind
{
    None,

    /// <summary>The peer reset the connection (ECONNRESET, EPIPE).</summary>
    Reset,

    /// <summary>Nobody listens there (ECONNREFUSED, or ICMP port unreachable for UDP).</summary>
    Refused,

    /// <summary>No route, or the network or host is down.</summary>
    Unreachable,

    /// <summary>The kernel gave up: no answer within its own time (ETIMEDOUT).</summary>
    TimedOut,

    /// <summary>Somebody else has the address (EADDRINUSE).</summary>
    AddressInUse,

    /// <summary>The address is not this machine's, or may not be used (EADDRNOTAVAIL, EACCES).</summary>
    AddressNotAvailable,

    /// <summary>Descriptors, buffers or ports ran out (EMFILE, ENOBUFS, EAGAIN from connect).</summary>
    Exhausted,

    /// <summary>The other end of TLS broke its rules, or did not prove who it is; the text says which.</summary>
    Tls,

    /// <summary>Anything else; the text says what.</summary>
    Other,
}

/// <summary>An expected failure of a socket: a value, never an exception.</summary>
/// <param name="Kind">What kind of failure it is.</param>
/// <param name="Text">The system's own words, for logs.</param>
public readonly record struct TransportFault(TransportFaultKind Kind, string Text)
{
    public override string ToString() => Text;
}
