using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Announcements;

/// <summary>
/// One member of the cluster that the client may use: all of them when the tunnel is ready, later those that have changed. What was told of a
/// name before is replaced.
/// <code>
/// | length | type 0x20 | flags: 1 = more follow | stream 0 | state (8) | capacity (32) | streams (32) |
/// | name: length (8), ASCII | zone: length (8), UTF-8 | addresses: count (8), each: transport (8), length (8), ASCII |
/// </code>
/// </summary>
public sealed record MemberAnnouncement : TunnelAnnouncement
{
    /// <summary>Unique in the cluster; letters, digits and <c>. _ - :</c>.</summary>
    public required string Name { get; init; }

    public required AnnouncedState State { get; init; }

    /// <summary>Its weight beside the others; 0: not said.</summary>
    public uint Capacity { get; init; }

    /// <summary>Its open streams when that was last written down.</summary>
    public uint Streams { get; init; }

    /// <summary>Empty: none is given.</summary>
    public string Zone { get; init; } = "";

    /// <summary>The best first.</summary>
    public ImmutableArray<AnnouncedAddress> Addresses { get; init; } = [];

    /// <summary>Whether what is told is complete only with a later frame.</summary>
    public bool HasMore { get; init; }

    public override int Write(Span<byte> destination)
    {
        Span<byte> payload = stackalloc byte[ProtocolLimits.AnnouncementBytes];
        payload[0] = (byte)State;
        BinaryPrimitives.WriteUInt32BigEndian(payload[1..], Capacity);
        BinaryPrimitives.WriteUInt32BigEndian(payload[5..], Streams);
        var length = NumbersBytes;
        if (Addresses.Length > MaximumAddresses || !TryWriteText(payload, ref length, Name) || !TryWriteText(payload, ref length, Zone) || length == payload.Length)
        {
            return 0;
        }

        payload[length++] = (byte)Addresses.Length;
        foreach (var address in Addresses)
        {
            if (length == payload.Length)
            {
                return 0;
            }

            payload[length++] = address.Transport;
            if (!TryWriteText(payload, ref length, address.Address))
            {
                return 0;
            }
        }

        new FrameHeader(length, FrameType.Member, HasMore ? MoreFlag : FrameFlags.None, 0).Write(destination);
        payload[..length].CopyTo(destination[FrameHeader.SizeBytes..]);
        return FrameHeader.SizeBytes + length;
    }

    /// <summary>False: the payload is no member.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, bool hasMore, out MemberAnnouncement member)
    {
        member = null!;
        if (payload.Length < NumbersBytes)
        {
            return false;
        }

        var rest = payload[NumbersBytes..];
        if (!TryReadText(ref rest, out var name) || !IsName(name) || !TryReadText(ref rest, out var zone) || rest is not [var count and <= MaximumAddresses, ..])
        {
            return false;
        }

        rest = rest[1..];
        var addresses = ImmutableArray.CreateBuilder<AnnouncedAddress>(count);
        while (addresses.Count < count)
        {
            if (rest is not [var transport, ..])
            {
                return false;
            }

            rest = rest[1..];
            if (!TryReadText(ref rest, out var address))
            {
                return false;
            }

            addresses.Add(new AnnouncedAddress(transport, address));
        }

        member = new MemberAnnouncement
        {
            Name = name,
            State = payload[0] <= (byte)AnnouncedState.Gone ? (AnnouncedState)payload[0] : AnnouncedState.Draining,
            Capacity = BinaryPrimitives.ReadUInt32BigEndian(payload[1..]),
            Streams = BinaryPrimitives.ReadUInt32BigEndian(payload[5..]),
            Zone = zone,
            Addresses = addresses.ToImmutable(),
            HasMore = hasMore,
        };

        // What later versions add stands behind.
        return true;
    }

    private static bool TryWriteText(Span<byte> payload, ref int length, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        if (bytes > byte.MaxValue || length + 1 + bytes > payload.Length)
        {
            return false;
        }

        payload[length++] = (byte)bytes;
        length += Encoding.UTF8.GetBytes(text, payload[length..]);
        return true;
    }

    private static bool TryReadText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest is not [var length, ..] || rest.Length <= length)
        {
            return false;
        }

        text = WireText.Read(rest.Slice(1, length));
        rest = rest[(1 + length)..];
        return true;
    }

    private static bool IsName(string name) => name.Length > 0 && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or ':');

    internal const FrameFlags MoreFlag = (FrameFlags)1;
    internal const int NumbersBytes = 9;
    private const int MaximumAddresses = 8;
}
