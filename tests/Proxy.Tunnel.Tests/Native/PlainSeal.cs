using System.Buffers.Binary;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// No secret at all: header with length and number, a tag of zeros. Repeated numbers pass, so that the engine's own guard is tested.
/// </summary>
internal sealed class PlainSeal : IDatagramSeal
{
    public ulong NextNumber { get; private set; } = 1;

    public bool IsWorn { get; set; }

    public bool IsOver { get; set; }

    public bool CanSeal(int datagramBytes) => true;

    public ulong Seal(Span<byte> datagram, long nowMicroseconds)
    {
        datagram[..IDatagramSeal.HeaderBytes].Clear();
        datagram[0] = 4;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[2..], (ushort)datagram.Length);
        BinaryPrimitives.WriteUInt64BigEndian(datagram[12..], NextNumber);
        datagram[^IDatagramSeal.TagBytes..].Clear();
        return NextNumber++;
    }

    public bool TryOpen(Span<byte> datagram, long nowMicroseconds, out ulong number, out Span<byte> body)
    {
        number = 0;
        body = default;
        if (datagram.Length < IDatagramSeal.OverheadBytes || BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) != datagram.Length)
        {
            return false;
        }

        number = BinaryPrimitives.ReadUInt64BigEndian(datagram[12..]);
        body = datagram[IDatagramSeal.HeaderBytes..^IDatagramSeal.TagBytes];
        return true;
    }

    public void Acknowledged(ulong number, long probeTimeoutMicroseconds, long nowMicroseconds)
    {
    }
}
