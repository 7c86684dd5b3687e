using System.Buffers.Binary;

namespace Proxy.Protocol.Tls;

/// <summary>
/// Looks at the first bytes of a connection for a TLS ClientHello, without taking them (RFC 8446, 4.1.2 and 5.1). The hello is a handshake
/// message, which may be cut into several records:
/// <code>
/// record:  | type 22 | version (16 bits) | length (16 bits) | part of the message... |
/// message: | type 1 | length (24 bits) | body... |
/// </code>
/// </summary>
public static class ClientHelloReader
{
    private const int RecordHeaderBytes = 5;
    private const int RecordPayloadBytes = 16 * 1024;
    private const int MessageHeaderBytes = 4;
    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const byte MajorVersion = 3;

    /// <summary>
    /// Reads the hello that <paramref name="source"/>, all that came so far, starts with. What is no TLS is malformed at the first byte that
    /// shows it; who needs more has less than <see cref="ProtocolLimits.ClientHelloBytes"/>.
    /// </summary>
    /// <param name="hello">Null unless the hello was read.</param>
    /// <param name="broken">The rule, when malformed.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out ClientHello? hello, out ClientHelloRule broken)
    {
        hello = null;
        source = source[..Math.Min(source.Length, ProtocolLimits.ClientHelloBytes)];
        broken = Measure(source, out var messageBytes, out var gatheredBytes);
        if (broken == ClientHelloRule.None && (messageBytes == 0 || gatheredBytes < messageBytes))
        {
            return ReadStatus.NeedMore;
        }

        broken = broken == ClientHelloRule.None ? ClientHelloBody.TryRead(Body(source, messageBytes), out hello) : broken;
        return broken == ClientHelloRule.None ? ReadStatus.Done : ReadStatus.Malformed;
    }

    /// <summary>Walks over the records up to the message's end.</summary>
    /// <param name="messageBytes">The message's length with its header; 0 while that is not known.</param>
    /// <param name="gatheredBytes">How much of the message is there.</param>
    private static ClientHelloRule Measure(ReadOnlySpan<byte> source, out int messageBytes, out int gatheredBytes)
    {
        messageBytes = 0;
        gatheredBytes = 0;
        var headerBits = 0;
        var isFirst = true;
        for (var rest = source; !rest.IsEmpty; rest = rest[Math.Min(rest.Length, RecordHeaderBytes + PayloadBytes(rest))..])
        {
            var broken = CheckRecord(rest, isFirst);
            if (broken != ClientHelloRule.None)
            {
                return broken;
            }

            if (rest.Length < RecordHeaderBytes)
            {
                break;
            }

            isFirst = false;
            var part = Part(rest);
            for (var index = 0; index < part.Length && gatheredBytes + index < MessageHeaderBytes; index++)
            {
                headerBits = (headerBits << 8) | part[index];
                if (gatheredBytes + index == 0 && part[0] != ClientHelloMessage)
                {
                    return ClientHelloRule.NotClientHello;
                }
            }

            gatheredBytes += part.Length;
            if (gatheredBytes < MessageHeaderBytes)
            {
                continue;
            }

            messageBytes = MessageHeaderBytes + (headerBits & 0xFF_FFFF);
            if (messageBytes + RecordHeaderBytes > ProtocolLimits.ClientHelloBytes)
            {
                return ClientHelloRule.TooLong;
            }

            if (gatheredBytes >= messageBytes)
            {
                return ClientHelloRule.None;
            }
        }

        return source.Length == ProtocolLimits.ClientHelloBytes ? ClientHelloRule.TooLong : ClientHelloRule.None;
    }

    private static ClientHelloRule CheckRecord(ReadOnlySpan<byte> record, bool isFirst)
    {
        if (record[0] != HandshakeRecord || (record.Length > 1 && record[1] != MajorVersion))
        {
            return isFirst ? ClientHelloRule.NotTls : ClientHelloRule.Interrupted;
        }

        return record.Length >= RecordHeaderBytes && PayloadBytes(record) is 0 or > RecordPayloadBytes
            ? ClientHelloRule.BadRecordLength
            : ClientHelloRule.None;
    }

    /// <summary>The message without its header: in place when one record holds it, else put together.</summary>
    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> source, int messageBytes)
    {
        var part = Part(source);
        if (part.Length >= messageBytes)
        {
            return part[MessageHeaderBytes..messageBytes];
        }

        var message = new byte[messageBytes];
        var free = message.AsSpan();
        for (var rest = source; !free.IsEmpty; rest = rest[(RecordHeaderBytes + part.Length)..])
        {
            part = Part(rest);
            part = part[..Math.Min(part.Length, free.Length)];
            part.CopyTo(free);
            free = free[part.Length..];
        }

        return message.AsSpan(MessageHeaderBytes);
    }

    private static int PayloadBytes(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16BigEndian(record[3..]);

    /// <summary>What is there of the record's payload.</summary>
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> record) =>
        record.Slice(RecordHeaderBytes, Math.Min(PayloadBytes(record), record.Length - RecordHeaderBytes));
}
