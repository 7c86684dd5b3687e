using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Takes the body of one opened datagram apart: parts back to back, a type byte in front of each. Types from
/// <see cref="PartTypes.FirstIgnorable"/> on hide the rest. Lengths are checked before they are used; no input makes it throw.
/// </summary>
public ref struct PartReader
{
    private ReadOnlySpan<byte> _rest;

    public PartReader(ReadOnlySpan<byte> body)
    {
        _rest = body;
        Error = null;
    }

    /// <summary>What was broken, after <see cref="ReadStatus.Malformed"/>.</summary>
    public PartRule? Error { get; private set; }

    /// <summary>The next part; <see cref="ReadStatus.NeedMore"/> says that there is none left.</summary>
    public ReadStatus Read(out Part part)
    {
        part = default;
        if (Error is not null)
        {
            return ReadStatus.Malformed;
        }

        if (_rest.IsEmpty || _rest[0] >= PartTypes.FirstIgnorable)
        {
            _rest = default;
            return ReadStatus.NeedMore;
        }

        var type = (PartType)_rest[0];
        var payload = _rest[1..];
        if (Measure(type, payload, out var skipped, out var length) is { } rule)
        {
            Error = rule;
            return ReadStatus.Malformed;
        }

        part = new Part(type, payload.Slice(skipped, length));
        _rest = payload[(skipped + length)..];
        return ReadStatus.Done;
    }

    /// <summary>How long the part is, within what is there; or the rule it breaks.</summary>
    private static PartRule? Measure(PartType type, ReadOnlySpan<byte> payload, out int skipped, out int length)
    {
        skipped = 0;
        length = payload.Length;
        switch (type)
        {
            case PartType.Padding or PartType.KcpToEnd:
                return null;
            case PartType.Kcp:
                skipped = KcpPart.LengthFieldBytes;
                if (payload.Length < skipped)
                {
                    return PartRule.CutShort;
                }

                length = BinaryPrimitives.ReadUInt16BigEndian(payload);
                return payload.Length - skipped < length ? PartRule.CutShort : null;
            case PartType.PathChallenge or PartType.PathResponse:
                length = PathPart.TokenBytes;
                return payload.Length < length ? PartRule.CutShort : null;
            case PartType.Close:
                return payload.Length < ClosePart.ReasonFieldBytes ? PartRule.CutShort : null;
            case PartType.Acknowledgement:
                return AcknowledgementPart.Measure(payload, out length);
            case PartType.Recovered:
                return RecoveredPart.Measure(payload, out length);
            case PartType.Udp:
                return UdpPart.Measure(payload, out length);
            case PartType.Piece:
                return PiecePart.Measure(payload, out length);
            case PartType.Fec:
                return FecPart.Measure(payload, out length);
            default:
                return PartRule.UnknownType;
        }
    }
}
