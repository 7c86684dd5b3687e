using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Proxy.Protocol.Chains;

/// <summary>
/// The optional fields behind a chain request's fixed part, each as
/// <code>
/// | type (8 bits) | length (16 bits) | value... |
/// </code>
/// 1 original source and 2 original destination: address as in SOCKS5, the source without names. 3 hop budget: 8 bits. 4 trace id: 128 bits.
/// 5 server name: ASCII. Other types are passed over; what they mean is not known, so they are not handed on either.
/// </summary>
public sealed record ChainFields
{
    private const int FieldHeaderBytes = 3;
    private const int HopBudgetBytes = 1;
    private const int TraceIdBytes = 16;
    private const byte OriginalSourceType = 1;
    private const byte OriginalDestinationType = 2;
    private const byte HopBudgetType = 3;
    private const byte TraceIdType = 4;
    private const byte ServerNameType = 5;

    public static ChainFields Empty { get; } = new();

    /// <summary>Where the user's connection came from.</summary>
    public IPEndPoint? OriginalSource { get; init; }

    /// <summary>Where the user's connection was going before it was redirected to us.</summary>
    public Destination? OriginalDestination { get; init; }

    /// <summary>How many more hops the stream may take.</summary>
    public byte? HopBudget { get; init; }

    /// <summary>Ties the log lines of all hops together.</summary>
    public UInt128? TraceId { get; init; }

    /// <summary>The server name that the user's TLS hello asked for. A host name; what is none is not written.</summary>
    public string? ServerName { get; init; }

    internal int LengthBytes =>
        (OriginalSource is null ? 0 : FieldHeaderBytes + AddressCodec.LengthBytes(Destination.Of(OriginalSource)))
        + (OriginalDestination is null ? 0 : FieldHeaderBytes + AddressCodec.LengthBytes(OriginalDestination))
        + (HopBudget is null ? 0 : FieldHeaderBytes + HopBudgetBytes)
        + (TraceId is null ? 0 : FieldHeaderBytes + TraceIdBytes)
        + (NormalServerName is not { } name ? 0 : FieldHeaderBytes + name.Length);

    private string? NormalServerName => ServerName is not null && HostName.TryNormalize(ServerName, out var name) ? name : null;

    internal int Write(Span<byte> target)
    {
        var position = 0;
        if (OriginalSource is not null)
        {
            position += WriteAddress(target[position..], OriginalSourceType, Destination.Of(OriginalSource));
        }

        if (OriginalDestination is not null)
        {
            position += WriteAddress(target[position..], OriginalDestinationType, OriginalDestination);
        }

        if (HopBudget is { } budget)
        {
            position += WriteHeader(target[position..], HopBudgetType, HopBudgetBytes);
            target[position++] = budget;
        }

        if (TraceId is { } traceId)
        {
            position += WriteHeader(target[position..], TraceIdType, TraceIdBytes);
            BinaryPrimitives.WriteUInt128BigEndian(target[position..], traceId);
            position += TraceIdBytes;
        }

        if (NormalServerName is { } name)
        {
            position += WriteHeader(target[position..], ServerNameType, name.Length);
            position += Encoding.ASCII.GetBytes(name, target[position..]);
        }

        return position;
    }

    /// <summary>Reads all of <paramref name="source"/>, whose length the request's limit bounds.</summary>
    internal static ChainRule TryRead(ReadOnlySpan<byte> source, out ChainFields fields)
    {
        fields = Empty;
        var seenTypes = 0u;
        while (!source.IsEmpty)
        {
            if (source.Length < FieldHeaderBytes || source.Length - FieldHeaderBytes < BinaryPrimitives.ReadUInt16BigEndian(source[1..]))
            {
                return ChainRule.FieldCut;
            }

            var type = source[0];
            var value = source.Slice(FieldHeaderBytes, BinaryPrimitives.ReadUInt16BigEndian(source[1..]));
            source = source[(FieldHeaderBytes + value.Length)..];
            if (type is < OriginalSourceType or > ServerNameType)
            {
                continue;
            }

            if ((seenTypes & (1u << type)) != 0)
            {
                return ChainRule.FieldRepeated;
            }

            seenTypes |= 1u << type;
            if (With(fields, type, value) is not { } next)
            {
                return ChainRule.BadField;
            }

            fields = next;
        }

        return ChainRule.None;
    }

    private static ChainFields? With(ChainFields fields, byte type, ReadOnlySpan<byte> value) => type switch
    {
        OriginalSourceType => ReadAddress(value) is { Address: { } address } source
            ? fields with { OriginalSource = new IPEndPoint(address, source.Port) }
            : null,
        OriginalDestinationType => ReadAddress(value) is { } destination ? fields with { OriginalDestination = destination } : null,
        HopBudgetType => value.Length == HopBudgetBytes ? fields with { HopBudget = value[0] } : null,
        TraceIdType => value.Length == TraceIdBytes ? fields with { TraceId = BinaryPrimitives.ReadUInt128BigEndian(value) } : null,
        _ => HostName.TryNormalize(Encoding.Latin1.GetString(value), out var name) ? fields with { ServerName = name } : null,
    };

    private static Destination? ReadAddress(ReadOnlySpan<byte> value) =>
        AddressCodec.TryTake(ref value, out var address) == ChainRule.None && value.IsEmpty ? address : null;

    private static int WriteAddress(Span<byte> target, byte type, Destination address)
    {
        var position = WriteHeader(target, type, AddressCodec.LengthBytes(address));
        return position + AddressCodec.Write(target[position..], address);
    }

    private static int WriteHeader(Span<byte> target, byte type, int valueBytes)
    {
        target[0] = type;
        BinaryPrimitives.WriteUInt16BigEndian(target[1..], (ushort)valueBytes);
        return FieldHeaderBytes;
    }
}
