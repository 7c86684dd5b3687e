using System.Buffers.Binary;

namespace Proxy.Protocol.Chains;

/// <summary>
/// What one hop of a chain is asked to do: one header at the front of the stream, in the open form.
/// <code>
/// | version 1 | command (8 bits) | length of the rest (16 bits) | address as in SOCKS5 | next-hop kind (8 bits) | fields... |
/// </code>
/// </summary>
public sealed record ChainRequest(ChainCommand Command, Destination Destination, NextHopKind NextHop)
{
    public const byte Version = 1;

    private const int FixedBytes = 4;

    /// <summary>What else is known about the stream.</summary>
    public ChainFields Fields { get; init; } = ChainFields.Empty;

    /// <summary>At most <see cref="ProtocolLimits.ChainRequestBytes"/>.</summary>
    public int LengthBytes => FixedBytes + AddressCodec.LengthBytes(Destination) + 1 + Fields.LengthBytes;

    /// <summary>A request that only measures the hop.</summary>
    public static ChainRequest Echo { get; } = new(ChainCommand.Echo, Destination.Nowhere, NextHopKind.Destination);

    public int Write(Span<byte> target)
    {
        target[0] = Version;
        target[1] = (byte)Command;
        var position = FixedBytes;
        position += AddressCodec.Write(target[position..], Destination);
        target[position++] = (byte)NextHop;
        position += Fields.Write(target[position..]);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)(position - FixedBytes));
        return position;
    }

    /// <summary>
    /// Reads the header that <paramref name="source"/> starts with. A header that can not become right is malformed as soon as that shows, so
    /// nobody waits for the rest of it, and one that needs more is shorter than <see cref="ProtocolLimits.ChainRequestBytes"/>.
    /// </summary>
    /// <param name="consumedBytes">The header's length when it was read, else 0. What follows belongs to the next hop.</param>
    /// <param name="request">Null unless the header was read.</param>
    /// <param name="broken">The rule, when malformed.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out ChainRequest? request, out ChainRule broken)
    {
        consumedBytes = 0;
        request = null;
        broken = CheckBeginning(source);
        if (broken != ChainRule.None)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedBytes || source.Length < FixedBytes + RestBytes(source))
        {
            return ReadStatus.NeedMore;
        }

        var headerBytes = FixedBytes + RestBytes(source);
        broken = TryReadRest((ChainCommand)source[1], source[FixedBytes..headerBytes], out request);
        consumedBytes = broken == ChainRule.None ? headerBytes : 0;
        return broken == ChainRule.None ? ReadStatus.Done : ReadStatus.Malformed;
    }

    private static int RestBytes(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt16BigEndian(source[2..]);

    private static ChainRule CheckBeginning(ReadOnlySpan<byte> source) => source switch
    {
        [not Version, ..] => ChainRule.UnknownVersion,
        [_, < (byte)ChainCommand.Tcp or > (byte)ChainCommand.Echo, ..] => ChainRule.UnknownCommand,
        { Length: >= FixedBytes } when FixedBytes + RestBytes(source) > ProtocolLimits.ChainRequestBytes => ChainRule.HeaderTooLong,
        _ => ChainRule.None,
    };

    private static ChainRule TryReadRest(ChainCommand command, ReadOnlySpan<byte> rest, out ChainRequest? request)
    {
        request = null;
        var broken = AddressCodec.TryTake(ref rest, out var destination);
        if (broken != ChainRule.None)
        {
            return broken;
        }

        if (destination.Port == 0 && command != ChainCommand.Echo)
        {
            return ChainRule.PortMissing;
        }

        if (rest is not [<= (byte)NextHopKind.ChainHop, ..])
        {
            return ChainRule.UnknownNextHopKind;
        }

        broken = ChainFields.TryRead(rest[1..], out var fields);
        request = broken == ChainRule.None ? new ChainRequest(command, destination, (NextHopKind)rest[0]) { Fields = fields } : null;
        return broken;
    }
}
