using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Proxy.Protocol.Chains;

/// <summary>
/// An address as in SOCKS5 (RFC 1928, 4 and 5):
/// <code>
/// | type 1 | IPv4 address, 4 bytes         | port (16 bits) |
/// | type 3 | length (8 bits) | name...     | port (16 bits) |
/// | type 4 | IPv6 address, 16 bytes        | port (16 bits) |
/// </code>
/// </summary>
internal static class AddressCodec
{
    private const byte TypeIPv4 = 1;
    private const byte TypeName = 3;
    private const byte TypeIPv6 = 4;
    private const int IPv4Bytes = 4;
    private const int IPv6Bytes = 16;
    private const int PortBytes = 2;

    public static int LengthBytes(Destination destination) => 1 + PortBytes + destination switch
    {
        { Name: { } name } => 1 + name.Length,
        { Address.AddressFamily: AddressFamily.InterNetwork } => IPv4Bytes,
        _ => IPv6Bytes,
    };

    public static int Write(Span<byte> target, Destination destination)
    {
        var position = 1;
        if (destination.Name is { } name)
        {
            target[0] = TypeName;
            target[position++] = (byte)name.Length;
            position += Encoding.ASCII.GetBytes(name, target[position..]);
        }
        else
        {
            destination.Address!.TryWriteBytes(target[position..], out var addressBytes);
            target[0] = addressBytes == IPv4Bytes ? TypeIPv4 : TypeIPv6;
            position += addressBytes;
        }

        BinaryPrimitives.WriteUInt16BigEndian(target[position..], destination.Port);
        return position + PortBytes;
    }

    /// <summary>Takes the address from the front of <paramref name="source"/>, which must hold it whole.</summary>
    public static ChainRule TryTake(ref ReadOnlySpan<byte> source, out Destination destination)
    {
        destination = Destination.Nowhere;
        if (source.IsEmpty)
        {
            return ChainRule.AddressCut;
        }

        var type = source[0];
        if (type is not (TypeIPv4 or TypeName or TypeIPv6))
        {
            return ChainRule.UnknownAddressType;
        }

        var rest = source[1..];
        if (type == TypeName)
        {
            return TryTakeName(ref source, rest, ref destination);
        }

        var addressBytes = type == TypeIPv4 ? IPv4Bytes : IPv6Bytes;
        if (rest.Length < addressBytes + PortBytes)
        {
            return ChainRule.AddressCut;
        }

        destination = Destination.Of(new IPAddress(rest[..addressBytes]), BinaryPrimitives.ReadUInt16BigEndian(rest[addressBytes..]));
        source = rest[(addressBytes + PortBytes)..];
        return ChainRule.None;
    }

    private static ChainRule TryTakeName(ref ReadOnlySpan<byte> source, ReadOnlySpan<byte> rest, ref Destination destination)
    {
        if (rest.IsEmpty || rest.Length < 1 + rest[0] + PortBytes)
        {
            return ChainRule.AddressCut;
        }

        var name = rest.Slice(1, rest[0]);
        Span<char> text = stackalloc char[ProtocolLimits.NameBytes];
        Encoding.Latin1.GetChars(name, text);
        if (!Destination.TryCreate(text[..name.Length], BinaryPrimitives.ReadUInt16BigEndian(rest[(1 + name.Length)..]), out destination))
        {
            return ChainRule.BadName;
        }

        source = rest[(1 + name.Length + PortBytes)..];
        return ChainRule.None;
    }
}
