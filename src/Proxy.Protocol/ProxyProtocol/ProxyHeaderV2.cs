using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// Version 2 of the PROXY header (proxy-protocol.txt, 2.2), big-endian:
/// <code>
/// | signature, 12 bytes | version 2, command (4 + 4 bits) | family, transport (4 + 4 bits) | length of the rest (16 bits) |
/// | source address | destination address | source port (16 bits) | destination port (16 bits) | fields... |
/// </code>
/// Addresses are of 4 or 16 bytes, or of 108 without ports for UNIX sockets, which count as unspecified here. With LOCAL or an unspecified
/// family or transport the rest is passed over unread, as nothing says where in it the fields begin.
/// </summary>
public static class ProxyHeaderV2
{
    internal const int FixedBytes = 16;

    private const int CommandOffset = 12;
    private const int FamilyOffset = 13;
    private const int LengthOffset = 14;
    private const byte Version = 2;
    private const byte LocalCommand = 0;
    private const byte ProxyCommand = 1;
    private const byte FamilyUnspecified = 0;
    private const byte FamilyIPv4 = 1;
    private const byte FamilyIPv6 = 2;
    private const byte FamilyUnix = 3;
    private const int PortBytes = 2;
    private const int UnixAddressBytes = 108;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>
    /// Writes the header; two families together are both written as IPv6. Without addresses there are neither fields nor a checksum.
    /// </summary>
    /// <returns>False when it would be longer than <paramref name="target"/> or <see cref="ProtocolLimits.ProxyHeaderBytes"/>.</returns>
    public static bool TryWrite(Span<byte> target, ProxyHeader header, bool withChecksum, out int writtenBytes)
    {
        ArgumentNullException.ThrowIfNull(header);
        writtenBytes = 0;
        var lengthBytes = LengthBytes(header, withChecksum);
        if (lengthBytes > Math.Min(target.Length, ProtocolLimits.ProxyHeaderBytes))
        {
            return false;
        }

        target = target[..lengthBytes];
        Signature.CopyTo(target);
        target[CommandOffset] = (byte)((Version << 4) | (header.IsLocal ? LocalCommand : ProxyCommand));
        target[FamilyOffset] = FamilyUnspecified;
        BinaryPrimitives.WriteUInt16BigEndian(target[LengthOffset..], (ushort)(lengthBytes - FixedBytes));
        if (header is { Source: { } source, Destination: { } destination })
        {
            var family = IsIPv4(source, destination) ? FamilyIPv4 : FamilyIPv6;
            target[FamilyOffset] = (byte)((family << 4) | (byte)header.Transport);
            WriteAddresses(target.Slice(FixedBytes, AddressBlockBytes(family)), source, destination);
            header.Fields.Write(target, FixedBytes + AddressBlockBytes(family), withChecksum);
        }

        writtenBytes = lengthBytes;
        return true;
    }

    /// <summary>Neither a header nor a broken rule: more bytes are needed.</summary>
    internal static ProxyRule TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out ProxyHeader? header)
    {
        consumedBytes = 0;
        header = null;
        var broken = CheckBeginning(source);
        if (broken != ProxyRule.None || source.Length < FixedBytes || source.Length < HeaderBytes(source))
        {
            return broken;
        }

        source = source[..HeaderBytes(source)];
        broken = ReadWhole(source, out header);
        consumedBytes = header is null ? 0 : source.Length;
        return broken;
    }

    private static int HeaderBytes(ReadOnlySpan<byte> source) => FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(source[LengthOffset..]);

    private static ProxyRule CheckBeginning(ReadOnlySpan<byte> source)
    {
        var common = Math.Min(source.Length, Signature.Length);
        if (!source[..common].SequenceEqual(Signature[..common]))
        {
            return ProxyRule.NoHeader;
        }

        if (source.Length > CommandOffset && source[CommandOffset] >> 4 != Version)
        {
            return ProxyRule.UnknownVersion;
        }

        if (source.Length > CommandOffset && (source[CommandOffset] & 0xF) > ProxyCommand)
        {
            return ProxyRule.UnknownCommand;
        }

        // What a LOCAL header says of a family means nothing.
        var isProxy = source.Length > FamilyOffset && (source[CommandOffset] & 0xF) == ProxyCommand;
        if (isProxy && source[FamilyOffset] >> 4 > FamilyUnix)
        {
            return ProxyRule.UnknownFamily;
        }

        if (isProxy && (source[FamilyOffset] & 0xF) > (byte)ProxyTransport.Datagram)
        {
            return ProxyRule.UnknownTransport;
        }

        if (source.Length < FixedBytes)
        {
            return ProxyRule.None;
        }

        if (HeaderBytes(source) > ProtocolLimits.ProxyHeaderBytes)
        {
            return ProxyRule.HeaderTooLong;
        }

        return isProxy && HasAddresses(source) && HeaderBytes(source) < FixedBytes + AddressBlockBytes(Family(source))
            ? ProxyRule.AddressCut
            : ProxyRule.None;
    }

    private static ProxyRule ReadWhole(ReadOnlySpan<byte> source, out ProxyHeader? header)
    {
        header = null;
        if ((source[CommandOffset] & 0xF) == LocalCommand)
        {
            header = ProxyHeader.Local;
            return ProxyRule.None;
        }

        if (!HasAddresses(source))
        {
            header = ProxyHeader.Unspecified;
            return ProxyRule.None;
        }

        var fieldsOffset = FixedBytes + AddressBlockBytes(Family(source));
        var broken = ProxyFields.TryRead(source, fieldsOffset, out var fields);
        if (broken == ProxyRule.None)
        {
            header = ReadAddresses(source, fieldsOffset).With(fields);
        }

        return broken;
    }

    private static ProxyHeader ReadAddresses(ReadOnlySpan<byte> source, int fieldsOffset)
    {
        if (Family(source) == FamilyUnix)
        {
            return ProxyHeader.Unspecified;
        }

        var block = source[FixedBytes..fieldsOffset];
        var addressBytes = (block.Length / 2) - PortBytes;
        var ports = block[(2 * addressBytes)..];
        return ProxyHeader.Of(
            new IPEndPoint(new IPAddress(block[..addressBytes]), BinaryPrimitives.ReadUInt16BigEndian(ports)),
            new IPEndPoint(new IPAddress(block.Slice(addressBytes, addressBytes)), BinaryPrimitives.ReadUInt16BigEndian(ports[PortBytes..])),
            (ProxyTransport)(source[FamilyOffset] & 0xF));
    }

    private static int Family(ReadOnlySpan<byte> source) => source[FamilyOffset] >> 4;

    private static bool HasAddresses(ReadOnlySpan<byte> source) => Family(source) != FamilyUnspecified && (source[FamilyOffset] & 0xF) != 0;

    private static int AddressBlockBytes(int family) => family switch
    {
        FamilyIPv4 => 2 * (4 + PortBytes),
        FamilyIPv6 => 2 * (16 + PortBytes),
        _ => 2 * UnixAddressBytes,
    };

    private static int LengthBytes(ProxyHeader header, bool withChecksum) => header is { Source: { } source, Destination: { } destination }
        ? FixedBytes + AddressBlockBytes(IsIPv4(source, destination) ? FamilyIPv4 : FamilyIPv6) + header.Fields.LengthBytes(withChecksum)
        : FixedBytes;

    private static bool IsIPv4(IPEndPoint source, IPEndPoint destination) =>
        source.AddressFamily == AddressFamily.InterNetwork && destination.AddressFamily == AddressFamily.InterNetwork;

    private static void WriteAddresses(Span<byte> block, IPEndPoint source, IPEndPoint destination)
    {
        var addressBytes = (block.Length / 2) - PortBytes;
        WriteAddress(block[..addressBytes], source.Address);
        WriteAddress(block.Slice(addressBytes, addressBytes), destination.Address);
        BinaryPrimitives.WriteUInt16BigEndian(block[(2 * addressBytes)..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(block[((2 * addressBytes) + PortBytes)..], (ushort)destination.Port);
    }

    private static void WriteAddress(Span<byte> target, IPAddress address) =>
        (target.Length == 4 ? address : address.MapToIPv6()).TryWriteBytes(target, out _);
}
