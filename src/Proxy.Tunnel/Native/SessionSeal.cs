using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Tunnel.Native;

/// <summary>A session of the handshake as the seal of an engine; owns it. Not thread-safe.</summary>
public sealed class SessionSeal(SealedSession session) : IDatagramSeal, IDisposable
{
    public SealedSession Session => session;

    public bool IsWorn => session.IsWorn;

    public bool IsOver => session.DatagramsLeft <= MostInBatch;

    public bool CanSeal(int datagramBytes) => !IsOver && session.CanSeal(datagramBytes);

    public ulong Seal(Span<byte> datagram, long nowMicroseconds) =>
        session.TrySeal(datagram, SealedSession.MaximumBodyBytes(datagram.Length), nowMicroseconds, out _, out var number)
            ? number
            : throw new InvalidOperationException("Nothing may be sealed now; CanSeal says so.");

    public bool TryOpen(Span<byte> datagram, long nowMicroseconds, out ulong number, out Span<byte> body)
    {
        var isOpened = session.Open(datagram, nowMicroseconds, out var range, out number) == OpenResult.Opened;
        body = isOpened ? datagram[range] : default;
        return isOpened;
    }

    public void Acknowledged(ulong number, long probeTimeoutMicroseconds, long nowMicroseconds)
    {
        session.ProbeTimeoutMicroseconds = probeTimeoutMicroseconds;
        session.HandleAcknowledged(number, nowMicroseconds);
    }

    public void Dispose() => session.Dispose();

    // The engine asks once for a batch, which is as much as one call to the kernel takes.
    private const int MostInBatch = 64;
}
