using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Socks;

/// <summary>What a client has asked for, once it has said all that comes before.</summary>
/// <param name="Version">4 or 5.</param>
/// <param name="Destination">
/// Where to; for <see cref="SocksCommand.UdpAssociate"/> where its datagrams will come from, with port 0 if it does not know.
/// </param>
/// <param name="User">Who it has shown to be; null where nobody was asked.</param>
public sealed record SocksRequest(byte Version, SocksCommand Command, Destination Destination, string? User)
{
    /// <summary>The longest answer.</summary>
    public const int MaxAnswerBytes = 4 + 16 + 2;

    /// <summary>Writes the answer to this request and returns its length.</summary>
    /// <param name="target">Room for <see cref="MaxAnswerBytes"/>.</param>
    /// <param name="bound">The address that the connection goes out from, or that datagrams are to be sent to.</param>
    public int WriteAnswer(Span<byte> target, SocksReply reply, System.Net.IPEndPoint bound)
    {
        if (Version == SocksDialogue.Version4)
        {
            return WriteVersion4(target, reply == SocksReply.Succeeded, bound);
        }

        (target[0], target[1], target[2]) = (SocksDialogue.Version5, (byte)reply, 0);
        return 3 + AddressCodec.Write(target[3..], Destination.Of(bound));
    }

    /// <summary>VN 0, CD, port, address: the address is of no use to anybody where it is not IPv4.</summary>
    internal static int WriteVersion4(Span<byte> target, bool isGranted, System.Net.IPEndPoint bound)
    {
        target[..Version4AnswerBytes].Clear();
        target[1] = isGranted ? Granted : Rejected;
        if (bound.Address.MapToIPv4() is var plain && (bound.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || bound.Address.IsIPv4MappedToIPv6))
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)bound.Port);
            plain.TryWriteBytes(target[4..], out _);
        }

        return Version4AnswerBytes;
    }

    internal const int Version4AnswerBytes = 8;
    private const byte Granted = 90;
    private const byte Rejected = 91;
}
