namespace Proxy.Protocol.Parts;

/// <summary>The rules that a part can break. The datagram was authentic, so each ends the tunnel with a reason.</summary>
public enum PartRule
{
    /// <summary>A type below <see cref="PartTypes.FirstIgnorable"/> that does not exist.</summary>
    UnknownType,

    /// <summary>The datagram ends inside the part.</summary>
    CutShort,

    /// <summary>
    /// An acknowledgement has 1 to <see cref="ProtocolLimits.AcknowledgedRanges"/> ranges, none empty, none touching, none below number 0.
    /// </summary>
    BadRanges,

    /// <summary>A UDP fragment is one of 2 to 8, by an index below their count.</summary>
    BadFragment,

    /// <summary>A shard belongs to a group of at least one and has at least one byte.</summary>
    BadShard,

    /// <summary>A piece is the first or the second half of a segment, and as long as that has to be.</summary>
    BadPiece,
}

/// <summary>Words for a log or a close.</summary>
public static class PartRules
{
    public static string Text(this PartRule rule) => rule switch
    {
        PartRule.UnknownType => "a part of unknown type",
        PartRule.CutShort => "a part that ends too early",
        PartRule.BadRanges => "an acknowledgement with impossible ranges",
        PartRule.BadFragment => "an impossible UDP fragment",
        PartRule.BadPiece => "an impossible piece",
        PartRule.BadShard => "an impossible shard",
        _ => "a malformed part",
    };
}
