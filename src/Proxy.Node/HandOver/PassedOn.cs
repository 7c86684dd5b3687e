using System.Buffers.Binary;
using System.Net;
using System.Text;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>
/// Datagrams of one tunnel on their way to the process that made it. They are not answered, and lost where there is no room.
/// <code>
/// | 1 (8) | length (8) | listener's address as asked, text... | segment size (16) | sender's address (128) | port (16) | datagrams... |
/// </code>
/// </summary>
internal static class PassedOn
{
    /// <summary>The first byte; other messages are text.</summary>
    public const byte Kind = 1;

    /// <summary>Datagrams of one message. What the kernel joins comes in two.</summary>
    public const int MaximumBytes = 48 << 10;

    /// <summary>False: the process is gone.</summary>
    public static bool TrySend(DescriptorSocket connection, IPEndPoint asked, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        Span<byte> message = stackalloc byte[DescriptorSocket.LargestMessageBytes];
        message[0] = Kind;
        var text = asked.ToString();
        message[1] = (byte)Encoding.ASCII.GetBytes(text, message[2..]);
        var position = 2 + message[1];
        BinaryPrimitives.WriteUInt16BigEndian(message[position..], (ushort)segmentSizeBytes);
        BinaryPrimitives.WriteUInt128BigEndian(message[(position + 2)..], from.Host);
        BinaryPrimitives.WriteUInt16BigEndian(message[(position + 18)..], (ushort)from.Port);
        position += FixedBytes;
        var most = Math.Max(1, MaximumBytes / segmentSizeBytes) * segmentSizeBytes;
        while (!datagrams.IsEmpty)
        {
            var batch = datagrams[..Math.Min(most, datagrams.Length)];
            batch.CopyTo(message[position..]);
            if (!connection.TrySendAtOnce(message[..(position + batch.Length)], out _))
            {
                return false;
            }

            datagrams = datagrams[batch.Length..];
        }

        return true;
    }

    public static bool TryRead(
        ReadOnlySpan<byte> message, out IPEndPoint asked, out int segmentSizeBytes, out UdpAddress from, out ReadOnlySpan<byte> datagrams)
    {
        (asked, segmentSizeBytes, from) = (null!, 0, default);
        datagrams = default;
        if (message.Length < 2 || message[0] != Kind || message.Length < 2 + message[1] + FixedBytes
            || !IPEndPoint.TryParse(Encoding.ASCII.GetString(message.Slice(2, message[1])), out asked!))
        {
            return false;
        }

        var rest = message[(2 + message[1])..];
        segmentSizeBytes = BinaryPrimitives.ReadUInt16BigEndian(rest);
        from = default(UdpAddress).With(BinaryPrimitives.ReadUInt128BigEndian(rest[2..]), BinaryPrimitives.ReadUInt16BigEndian(rest[18..]));
        datagrams = rest[FixedBytes..];
        return segmentSizeBytes > 0 && !datagrams.IsEmpty;
    }

    private const int FixedBytes = 2 + 16 + 2;
}
