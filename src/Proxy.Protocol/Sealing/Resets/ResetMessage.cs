using Proxy.Protocol.Sealing.Datagrams;

namespace Proxy.Protocol.Sealing.Resets;

/// <summary>
/// Says that a tunnel is gone. The token proves that whoever says so is who made the tunnel: it was given to the client inside the handshake.
/// <code>
/// | header: kind 5, receiver = the id that the trigger had | token (16 bytes) |
/// </code>
/// </summary>
public static class ResetMessage
{
    public const int TokenBytes = 16;

    public const int Bytes = DatagramHeader.Bytes + TokenBytes;

    /// <param name="tunnelId">Of the tunnel that is gone, as its server called it.</param>
    public static void Write(Span<byte> target, ulong tunnelId, ReadOnlySpan<byte> token)
    {
        new DatagramHeader(DatagramKind.Reset, IsOddPhase: false, Bytes, tunnelId, Number: 0).Write(target);
        token[..TokenBytes].CopyTo(target[DatagramHeader.Bytes..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> datagram, out ulong tunnelId, out ReadOnlySpan<byte> token)
    {
        tunnelId = 0;
        token = default;
        if (datagram.Length != Bytes || !DatagramHeader.TryRead(datagram, out var header) || header.Kind != DatagramKind.Reset)
        {
            return false;
        }

        tunnelId = header.Receiver;
        token = datagram[DatagramHeader.Bytes..];
        return true;
    }
}
