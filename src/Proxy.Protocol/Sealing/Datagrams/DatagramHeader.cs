using System.Buffers.Binary;

namespace Proxy.Protocol.Sealing.Datagrams;

/// <summary>
/// The front of every datagram of the native dialect. It is readable by anybody and, in a data datagram, authenticated with the body.
/// <code>
/// | kind (8) | flags (8): version (4), key phase (1) | length (16) | receiver (64) | number (64) |
/// </code>
/// </summary>
/// <param name="IsOddPhase">The key phase: whether the sender changed its keys an odd number of times.</param>
/// <param name="LengthBytes">Of the whole datagram, header and tag included.</param>
/// <param name="Receiver">The tunnel id that the receiving side chose; 0 in a hello.</param>
/// <param name="Number">Of the datagram in its direction; 0 in all but data.</param>
public readonly record struct DatagramHeader(DatagramKind Kind, bool IsOddPhase, int LengthBytes, ulong Receiver, ulong Number)
{
    public const int Bytes = 20;

    /// <summary>Where the receiver is.</summary>
    public const int ReceiverAt = 4;

    /// <summary>The version of the framing, in the low four bits of the flags.</summary>
    public const byte Version = 1;

    private const byte PhaseFlag = 0x10;

    public void Write(Span<byte> target)
    {
        target[0] = (byte)Kind;
        target[1] = (byte)(Version | (IsOddPhase ? PhaseFlag : 0));
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(target[ReceiverAt..], Receiver);
        BinaryPrimitives.WriteUInt64BigEndian(target[12..], Number);
    }

    /// <summary>The receiver in a header of which nothing has been checked but that it is <see cref="Bytes"/> long.</summary>
    public static ulong ReceiverOf(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt64BigEndian(datagram[ReceiverAt..]);

    /// <summary>
    /// Reads the header of exactly one datagram. False when it is short, of an unknown kind or version, uses a reserved flag, or says another
    /// length than it has.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out DatagramHeader header)
    {
        header = default;
        if (datagram.Length < Bytes
            || datagram[0] is < (byte)DatagramKind.Hello or > (byte)DatagramKind.Reset
            || (datagram[1] & ~PhaseFlag) != Version)
        {
            return false;
        }

        header = new DatagramHeader(
            (DatagramKind)datagram[0],
            (datagram[1] & PhaseFlag) != 0,
            BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]),
            BinaryPrimitives.ReadUInt64BigEndian(datagram[ReceiverAt..]),
            BinaryPrimitives.ReadUInt64BigEndian(datagram[12..]));
        return header.LengthBytes == datagram.Length && (header.Kind == DatagramKind.Data || header is { IsOddPhase: false, Number: 0 });
    }
}
