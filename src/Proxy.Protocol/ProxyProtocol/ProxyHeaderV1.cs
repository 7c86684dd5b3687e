using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// Version 1 of the PROXY header (proxy-protocol.txt, 2.1), one line of text:
/// <code>
/// PROXY TCP4 192.0.2.1 192.0.2.2 50000 443 CR LF
/// PROXY TCP6 2001:db8::1 2001:db8::2 50000 443 CR LF
/// PROXY UNKNOWN anything CR LF
/// </code>
/// It knows no fields, no LOCAL and no datagrams.
/// </summary>
public static class ProxyHeaderV1
{
    /// <summary>The longest line that the specification can make, with its end.</summary>
    public const int MaxLengthBytes = 107;

    private static readonly SearchValues<byte> AddressBytes = SearchValues.Create("0123456789abcdefABCDEF:. \r"u8);

    private static ReadOnlySpan<byte> Prefix => "PROXY "u8;

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>
    /// Writes the line and returns its length; <paramref name="target"/> holds <see cref="MaxLengthBytes"/>. What is not a stream between
    /// two addresses is UNKNOWN; two families together are both written as IPv6.
    /// </summary>
    public static int Write(Span<byte> target, ProxyHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return Encoding.ASCII.GetBytes(ToLine(header), target);
    }

    /// <summary>Neither a header nor a broken rule: more bytes are needed.</summary>
    internal static ProxyRule TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out ProxyHeader? header)
    {
        consumedBytes = 0;
        header = null;
        if (!StartsAlike(source, Prefix))
        {
            return ProxyRule.NoHeader;
        }

        var line = source[..Math.Min(source.Length, MaxLengthBytes)];
        var end = line.IndexOfAny(LineEnd);
        if (end >= 0 && !StartsAlike(line[end..], LineEnd))
        {
            return ProxyRule.BadLineEnd;
        }

        var isComplete = end >= 0 && line.Length >= end + LineEnd.Length;
        if (!isComplete && line.Length == MaxLengthBytes)
        {
            return ProxyRule.LineTooLong;
        }

        if (line.Length <= Prefix.Length)
        {
            return ProxyRule.None;
        }

        // With the carriage return, which may follow UNKNOWN, but without what follows the line.
        var broken = CheckProtocol(line[Prefix.Length..(end < 0 ? line.Length : end + 1)]);
        if (broken != ProxyRule.None || !isComplete)
        {
            return broken;
        }

        broken = ReadLine(line[Prefix.Length..end], out header);
        consumedBytes = header is null ? 0 : end + LineEnd.Length;
        return broken;
    }

    /// <summary>Judges what is there of the protocol and what follows it, so that nobody waits for the rest of a line that is wrong already.</summary>
    private static ProxyRule CheckProtocol(ReadOnlySpan<byte> rest)
    {
        if (StartsAlike(rest, "UNKNOWN"u8))
        {
            return rest.Length > 7 && rest[7] is not ((byte)' ' or (byte)'\r') ? ProxyRule.UnknownProtocol : ProxyRule.None;
        }

        if (!StartsAlike(rest, "TCP4 "u8) && !StartsAlike(rest, "TCP6 "u8))
        {
            return ProxyRule.UnknownProtocol;
        }

        return rest.Length > 5 && rest[5..].ContainsAnyExcept(AddressBytes) ? ProxyRule.BadLine : ProxyRule.None;
    }

    private static ProxyRule ReadLine(ReadOnlySpan<byte> line, out ProxyHeader? header)
    {
        header = null;
        if (line[0] == (byte)'U')
        {
            header = ProxyHeader.Unspecified;
            return ProxyRule.None;
        }

        Span<char> text = stackalloc char[MaxLengthBytes];
        text = text[..Encoding.Latin1.GetChars(line, text)];
        Span<Range> parts = stackalloc Range[6];
        if (((ReadOnlySpan<char>)text).Split(parts, ' ') != 5)
        {
            return ProxyRule.BadLine;
        }

        var family = line[3] == (byte)'4' ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
        if (!TryReadAddress(text[parts[1]], family, out var source) || !TryReadAddress(text[parts[2]], family, out var destination))
        {
            return ProxyRule.BadAddress;
        }

        if (!TryReadPort(text[parts[3]], out var sourcePort) || !TryReadPort(text[parts[4]], out var destinationPort))
        {
            return ProxyRule.BadPort;
        }

        header = ProxyHeader.Of(new IPEndPoint(source, sourcePort), new IPEndPoint(destination, destinationPort));
        return ProxyRule.None;
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, AddressFamily family, out IPAddress address) =>
        HostName.TryParseAddress(text, out address) && address.AddressFamily == family;

    private static bool TryReadPort(ReadOnlySpan<char> text, out ushort port) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && (text[0] != '0' || text.Length == 1);

    /// <summary>Whether the shorter of the two is the beginning of the other.</summary>
    private static bool StartsAlike(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> expected)
    {
        var common = Math.Min(bytes.Length, expected.Length);
        return bytes[..common].SequenceEqual(expected[..common]);
    }

    private static string ToLine(ProxyHeader header)
    {
        if (header is not { Transport: ProxyTransport.Stream, Source: { } source, Destination: { } destination })
        {
            return "PROXY UNKNOWN\r\n";
        }

        return source.AddressFamily == AddressFamily.InterNetwork && destination.AddressFamily == AddressFamily.InterNetwork
            ? $"PROXY TCP4 {source.Address} {destination.Address} {source.Port} {destination.Port}\r\n"
            : $"PROXY TCP6 {source.Address.MapToIPv6()} {destination.Address.MapToIPv6()} {source.Port} {destination.Port}\r\n";
    }
}
