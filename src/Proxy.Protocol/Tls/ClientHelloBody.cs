using System.Buffers.Binary;
using System.Text;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Tls;

/// <summary>
/// The body of a ClientHello (RFC 8446, 4.1.2), each part behind its own length:
/// <code>
/// | version (16 bits) | random, 32 bytes | session id, 0..32 | cipher suites, 2..65534 | compressions, 1..255 | extensions... |
/// </code>
/// Old clients leave the extensions out. Those that are not known here, such as the reserved ones of RFC 8701, are passed over.
/// </summary>
internal static class ClientHelloBody
{
    private const int RandomBytes = 32;
    private const int SessionIdBytes = 32;
    private const ushort ServerNameExtension = 0;
    private const ushort ProtocolsExtension = 16;
    private const ushort VersionsExtension = 43;
    private const byte HostNameType = 0;

    public static ClientHelloRule TryRead(ReadOnlySpan<byte> body, out ClientHello? hello)
    {
        hello = null;
        if (body.Length < sizeof(ushort) + RandomBytes)
        {
            return ClientHelloRule.BadLength;
        }

        var version = BinaryPrimitives.ReadUInt16BigEndian(body);
        var rest = body[(sizeof(ushort) + RandomBytes)..];
        if (!TryTakeShort(ref rest, out var sessionId) || sessionId.Length > SessionIdBytes
            || !TryTakeLong(ref rest, out var cipherSuites) || cipherSuites.IsEmpty || cipherSuites.Length % 2 != 0
            || !TryTakeShort(ref rest, out var compressions) || compressions.IsEmpty)
        {
            return ClientHelloRule.BadLength;
        }

        var draft = new Draft { Version = version };
        if (!rest.IsEmpty)
        {
            if (!TryTakeLong(ref rest, out var extensions) || !rest.IsEmpty)
            {
                return ClientHelloRule.BadLength;
            }

            var broken = draft.Take(extensions);
            if (broken != ClientHelloRule.None)
            {
                return broken;
            }
        }

        hello = new ClientHello(draft.ServerName, draft.Protocols, draft.Version);
        return ClientHelloRule.None;
    }

    /// <summary>Takes bytes behind a length of 8 bits.</summary>
    private static bool TryTakeShort(ref ReadOnlySpan<byte> source, out ReadOnlySpan<byte> value) =>
        TryTake(ref source, sizeof(byte), source.IsEmpty ? 0 : source[0], out value);

    /// <summary>Takes bytes behind a length of 16 bits.</summary>
    private static bool TryTakeLong(ref ReadOnlySpan<byte> source, out ReadOnlySpan<byte> value) =>
        TryTake(ref source, sizeof(ushort), source.Length < sizeof(ushort) ? 0 : BinaryPrimitives.ReadUInt16BigEndian(source), out value);

    private static bool TryTake(ref ReadOnlySpan<byte> source, int prefixBytes, int valueBytes, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (source.Length < prefixBytes + valueBytes)
        {
            return false;
        }

        value = source.Slice(prefixBytes, valueBytes);
        source = source[(prefixBytes + valueBytes)..];
        return true;
    }

    /// <summary>Whether RFC 8701 reserves the two bytes: both alike and of the form 0x?A.</summary>
    private static bool IsReserved(ReadOnlySpan<byte> value) => value.Length == 2 && value[0] == value[1] && (value[0] & 0x0F) == 0x0A;

    /// <summary>What was learned of the hello so far.</summary>
    private struct Draft
    {
        private bool _hasName;
        private bool _hasProtocols;
        private bool _hasVersions;

        public Draft()
        {
        }

        public ushort Version { get; set; }

        public string? ServerName { get; private set; }

        public IReadOnlyList<string> Protocols { get; private set; } = [];

        public ClientHelloRule Take(ReadOnlySpan<byte> extensions)
        {
            var broken = ClientHelloRule.None;
            while (broken == ClientHelloRule.None && !extensions.IsEmpty)
            {
                if (extensions.Length < sizeof(ushort))
                {
                    return ClientHelloRule.BadLength;
                }

                var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
                extensions = extensions[sizeof(ushort)..];
                if (!TryTakeLong(ref extensions, out var content))
                {
                    return ClientHelloRule.BadLength;
                }

                broken = type switch
                {
                    ServerNameExtension => Once(ref _hasName) ?? TakeServerName(content),
                    ProtocolsExtension => Once(ref _hasProtocols) ?? TakeProtocols(content),
                    VersionsExtension => Once(ref _hasVersions) ?? TakeVersions(content),
                    _ => ClientHelloRule.None,
                };
            }

            return broken;
        }

        private static ClientHelloRule? Once(ref bool isTaken)
        {
            var isRepeated = isTaken;
            isTaken = true;
            return isRepeated ? ClientHelloRule.ExtensionRepeated : null;
        }

        private ClientHelloRule TakeServerName(ReadOnlySpan<byte> content)
        {
            if (!TryTakeLong(ref content, out var list) || !content.IsEmpty || list.IsEmpty)
            {
                return ClientHelloRule.BadServerName;
            }

            var isNamed = false;
            while (!list.IsEmpty)
            {
                var type = list[0];
                list = list[1..];
                if (!TryTakeLong(ref list, out var name) || (type == HostNameType && (isNamed || !TryTakeHostName(name))))
                {
                    return ClientHelloRule.BadServerName;
                }

                isNamed |= type == HostNameType;
            }

            return ClientHelloRule.None;
        }

        private bool TryTakeHostName(ReadOnlySpan<byte> name)
        {
            var text = Encoding.Latin1.GetString(name);
            if (HostName.TryNormalize(text, out var serverName))
            {
                ServerName = serverName;
                return true;
            }

            // Not allowed here, but sent, and the servers let it pass: nobody's name.
            return HostName.TryParseAddress(text, out _);
        }

        private ClientHelloRule TakeProtocols(ReadOnlySpan<byte> content)
        {
            if (!TryTakeLong(ref content, out var list) || !content.IsEmpty || list.IsEmpty)
            {
                return ClientHelloRule.BadApplicationProtocols;
            }

            var protocols = new List<string>();
            while (!list.IsEmpty)
            {
                if (!TryTakeShort(ref list, out var protocol) || protocol.IsEmpty || protocols.Count == ProtocolLimits.ApplicationProtocols)
                {
                    return ClientHelloRule.BadApplicationProtocols;
                }

                if (!IsReserved(protocol))
                {
                    protocols.Add(Encoding.Latin1.GetString(protocol));
                }
            }

            Protocols = protocols;
            return ClientHelloRule.None;
        }

        private ClientHelloRule TakeVersions(ReadOnlySpan<byte> content)
        {
            if (!TryTakeShort(ref content, out var list) || !content.IsEmpty || list.IsEmpty || list.Length % 2 != 0)
            {
                return ClientHelloRule.BadLength;
            }

            ushort highest = 0;
            for (; !list.IsEmpty; list = list[2..])
            {
                if (!IsReserved(list[..2]))
                {
                    highest = Math.Max(highest, BinaryPrimitives.ReadUInt16BigEndian(list));
                }
            }

            Version = highest == 0 ? Version : highest;
            return ClientHelloRule.None;
        }
    }
}
