namespace Proxy.Tunnel.Native;

/// <summary>
/// Makes bodies into datagrams that only the peer can read, and back. One for each direction pair of one tunnel; not thread-safe.
/// <code>
/// | header, 20 bytes | body | tag, 16 bytes |
/// </code>
/// </summary>
public interface IDatagramSeal
{
    /// <summary>In front of the body.</summary>
    const int HeaderBytes = 20;

    /// <summary>Behind the body.</summary>
    const int TagBytes = 16;

    /// <summary>Both.</summary>
    const int OverheadBytes = HeaderBytes + TagBytes;

    /// <summary>
    /// Whether one more datagram of that size may be sealed now. False while the peer's address has not earned so many bytes, and for ever once
    /// keys or numbers are used up.
    /// </summary>
    bool CanSeal(int datagramBytes);

    /// <summary>Whether keys or numbers near their end: what has to go on is to be taken elsewhere.</summary>
    bool IsWorn { get; }

    /// <summary>Whether keys or numbers are used up: nothing is sealed or opened any more.</summary>
    bool IsOver { get; }

    /// <summary>
    /// Seals the body in place, between room for header and tag, and fills both. Gives the datagram's number: one more than the last, from
    /// any number on. Only when <see cref="CanSeal"/> says so.
    /// </summary>
    ulong Seal(Span<byte> datagram, long nowMicroseconds);

    /// <summary>
    /// Opens a datagram in place. False for whatever did not come from the peer, came before (as far as that is remembered), or came too
    /// late to know: it has no effect.
    /// </summary>
    bool TryOpen(Span<byte> datagram, long nowMicroseconds, out ulong number, out Span<byte> body);

    /// <summary>The peer has that number; what a change of keys waits for.</summary>
    void Acknowledged(ulong number, long probeTimeoutMicroseconds, long nowMicroseconds);
}
