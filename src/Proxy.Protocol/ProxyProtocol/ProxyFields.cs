using System.Buffers.Binary;
using System.Text;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>
/// What a PROXY header of version 2 says beside the addresses, in TLV fields (proxy-protocol.txt, 2.2.1 to 2.2.8). Immutable.
/// The values are the sender's, and often its client's: texts are to be escaped in a log.
/// </summary>
public sealed class ProxyFields
{
    private const byte AlpnType = 0x01;
    private const byte AuthorityType = 0x02;
    private const byte ChecksumType = 0x03;
    private const byte NoOperationType = 0x04;
    private const byte UniqueIdType = 0x05;
    private const byte TlsType = 0x20;
    private const byte NetworkNamespaceType = 0x30;
    private const int ChecksumBytes = 4;

    public static ProxyFields Empty { get; } = new();

    /// <summary>The client's application protocol, such as "h2": one character per byte.</summary>
    public string? ApplicationProtocol { get; init; }

    /// <summary>The host that the client asked for, such as in SNI.</summary>
    public string? Authority { get; init; }

    /// <summary>Ties the log lines of all proxies together; at most <see cref="ProtocolLimits.ProxyUniqueIdBytes"/>, any bytes.</summary>
    public ReadOnlyMemory<byte>? UniqueId { get; init; }

    /// <summary>The client's TLS session; null when it came without, or nothing was said.</summary>
    public ProxyTls? Tls { get; init; }

    /// <summary>The network namespace the connection was accepted in.</summary>
    public string? NetworkNamespace { get; init; }

    /// <summary>The fields of other types, in their order; padding is dropped.</summary>
    public IReadOnlyList<ProxyTlv> Others { get; init; } = [];

    internal int LengthBytes(bool withChecksum) =>
        TextBytes(ApplicationProtocol, Encoding.Latin1) + TextBytes(Authority, Encoding.UTF8) + TextBytes(NetworkNamespace, Encoding.UTF8)
        + (UniqueId is { } id ? ProxyTlv.HeaderBytes + id.Length : 0)
        + (Tls is null ? 0 : ProxyTlv.HeaderBytes + Tls.LengthBytes)
        + (withChecksum ? ProxyTlv.HeaderBytes + ChecksumBytes : 0)
        + Others.Sum(field => ProxyTlv.HeaderBytes + field.Value.Length);

    /// <summary>
    /// Writes the fields from <paramref name="offset"/> to the end of <paramref name="header"/>, whose other bytes the checksum covers.
    /// </summary>
    internal void Write(Span<byte> header, int offset, bool withChecksum)
    {
        var checksumOffset = offset + ProxyTlv.HeaderBytes;
        if (withChecksum)
        {
            offset += ProxyTlv.Write(header[offset..], ChecksumType, stackalloc byte[ChecksumBytes]);
        }

        offset += WriteText(header[offset..], AlpnType, ApplicationProtocol, Encoding.Latin1);
        offset += WriteText(header[offset..], AuthorityType, Authority, Encoding.UTF8);
        if (UniqueId is { } id)
        {
            offset += ProxyTlv.Write(header[offset..], UniqueIdType, id.Span);
        }

        if (Tls is not null)
        {
            ProxyTlv.WriteHeader(header[offset..], TlsType, Tls.LengthBytes);
            offset += ProxyTlv.HeaderBytes;
            offset += Tls.Write(header[offset..]);
        }

        offset += WriteText(header[offset..], NetworkNamespaceType, NetworkNamespace, Encoding.UTF8);
        foreach (var field in Others)
        {
            offset += ProxyTlv.Write(header[offset..], field.Type, field.Value.Span);
        }

        if (withChecksum)
        {
            BinaryPrimitives.WriteUInt32BigEndian(header[checksumOffset..], Crc32C.Finish(Crc32C.Add(Crc32C.Start, header)));
        }
    }

    /// <summary>Reads the fields from <paramref name="offset"/> to the end of <paramref name="header"/>, the whole header.</summary>
    internal static ProxyRule TryRead(ReadOnlySpan<byte> header, int offset, out ProxyFields fields)
    {
        fields = Empty;
        if (header.Length == offset)
        {
            return ProxyRule.None;
        }

        var draft = new Draft();
        var count = 0;
        for (var rest = header[offset..]; !rest.IsEmpty; count++)
        {
            if (count == ProtocolLimits.ProxyFields)
            {
                return ProxyRule.TooManyFields;
            }

            if (!ProxyTlv.TryTake(ref rest, out var type, out var value))
            {
                return ProxyRule.FieldCut;
            }

            var broken = type == ChecksumType
                ? CheckChecksum(header, header.Length - rest.Length - value.Length, value.Length)
                : ProxyRule.None;
            broken = broken == ProxyRule.None ? draft.Take(type, value) : broken;
            if (broken != ProxyRule.None)
            {
                return broken;
            }
        }

        fields = draft.ToFields();
        return ProxyRule.None;
    }

    /// <summary>A text of a peer: UTF-8 without control characters. Null when it is not.</summary>
    internal static string? ReadText(ReadOnlySpan<byte> value)
    {
        if (!System.Text.Unicode.Utf8.IsValid(value))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(value);
        return text.Any(char.IsControl) ? null : text;
    }

    internal static int TextBytes(string? text, Encoding encoding) => text is null ? 0 : ProxyTlv.HeaderBytes + encoding.GetByteCount(text);

    internal static int WriteText(Span<byte> target, byte type, string? text, Encoding encoding) =>
        text is null ? 0 : ProxyTlv.Write(target, type, encoding.GetBytes(text));

    /// <summary>The checksum was made over the header with zeros in its place.</summary>
    private static ProxyRule CheckChecksum(ReadOnlySpan<byte> header, int valueOffset, int valueBytes)
    {
        if (valueBytes != ChecksumBytes)
        {
            return ProxyRule.BadField;
        }

        var register = Crc32C.Add(Crc32C.Start, header[..valueOffset]);
        register = Crc32C.Add(register, stackalloc byte[ChecksumBytes]);
        register = Crc32C.Add(register, header[(valueOffset + ChecksumBytes)..]);
        return Crc32C.Finish(register) == BinaryPrimitives.ReadUInt32BigEndian(header[valueOffset..]) ? ProxyRule.None : ProxyRule.BadChecksum;
    }

    /// <summary>The fields that were read so far.</summary>
    private sealed class Draft
    {
        private readonly List<ProxyTlv> _others = [];
        private ulong _seenTypes;
        private string? _applicationProtocol;
        private string? _authority;
        private ReadOnlyMemory<byte>? _uniqueId;
        private ProxyTls? _tls;
        private string? _networkNamespace;

        public ProxyRule Take(byte type, ReadOnlySpan<byte> value)
        {
            if (type == NoOperationType)
            {
                return ProxyRule.None;
            }

            if (type is not (AlpnType or AuthorityType or ChecksumType or UniqueIdType or TlsType or NetworkNamespaceType))
            {
                _others.Add(new ProxyTlv(type, value.ToArray()));
                return ProxyRule.None;
            }

            if ((_seenTypes & (1ul << type)) != 0)
            {
                return ProxyRule.FieldRepeated;
            }

            _seenTypes |= 1ul << type;
            return TakeRegistered(type, value);
        }

        public ProxyFields ToFields() => new()
        {
            ApplicationProtocol = _applicationProtocol,
            Authority = _authority,
            UniqueId = _uniqueId,
            Tls = _tls,
            NetworkNamespace = _networkNamespace,
            Others = _others,
        };

        private ProxyRule TakeRegistered(byte type, ReadOnlySpan<byte> value)
        {
            switch (type)
            {
                case AlpnType:
                    _applicationProtocol = Encoding.Latin1.GetString(value);
                    return ProxyRule.None;
                case AuthorityType:
                    _authority = ReadText(value);
                    return _authority is null ? ProxyRule.BadField : ProxyRule.None;
                case UniqueIdType:
                    _uniqueId = value.ToArray();
                    return value.Length > ProtocolLimits.ProxyUniqueIdBytes ? ProxyRule.BadField : ProxyRule.None;
                case TlsType:
                    return ProxyTls.TryRead(value, out _tls);
                case NetworkNamespaceType:
                    _networkNamespace = ReadText(value);
                    return _networkNamespace is null ? ProxyRule.BadField : ProxyRule.None;
                default:
                    return ProxyRule.None;
            }
        }
    }
}
