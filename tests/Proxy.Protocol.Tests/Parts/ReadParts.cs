using Proxy.Protocol.Parts;

namespace Proxy.Protocol.Tests.Parts;

/// <summary>A body as lines of text, one a part; the last one is the rule that was broken.</summary>
internal static class ReadParts
{
    public static string[] All(string hex) => All(Bytes.FromHex(hex));

    public static string[] All(ReadOnlySpan<byte> body)
    {
        var lines = new List<string>();
        var reader = new PartReader(body);
        ReadStatus status;
        while ((status = reader.Read(out var part)) == ReadStatus.Done)
        {
            lines.Add(Describe(part));
        }

        if (status == ReadStatus.Malformed)
        {
            lines.Add($"malformed: {reader.Error}");
            Assert.Equal(ReadStatus.Malformed, reader.Read(out _));
        }

        return [.. lines];
    }

    private static string Describe(in Part part) => part.Type switch
    {
        PartType.Kcp or PartType.KcpToEnd => $"KCP {Convert.ToHexStringLower(part.Payload)}",
        PartType.Acknowledgement =>
            $"ACK {Ranges(AcknowledgementPart.Ranges(part.Payload))} after {AcknowledgementPart.DelayMicroseconds(part.Payload)}",
        PartType.Recovered => $"RECOVERED {Ranges(RecoveredPart.Ranges(part.Payload))}",
        PartType.PathChallenge => $"CHALLENGE {PathPart.Token(part.Payload):x}",
        PartType.PathResponse => $"RESPONSE {PathPart.Token(part.Payload):x}",
        PartType.Padding => $"PADDING {part.Payload.Length}",
        PartType.Close => $"CLOSE {ClosePart.Reason(part.Payload)} {ClosePart.Text(part.Payload)}",
        PartType.Piece => $"PIECE {(PiecePart.IsSecond(part.Payload) ? 2 : 1)} of {PiecePart.SequenceNumber(part.Payload)} "
            + $"on {PiecePart.Lane(part.Payload)}: {PiecePart.Bytes(part.Payload).Length}",
        PartType.Fec => $"FEC {FecPart.Index(part.Payload)} over {FecPart.Count(part.Payload)} from {FecPart.First(part.Payload)}: "
            + Convert.ToHexStringLower(FecPart.Shard(part.Payload)),
        PartType.Udp => Describe(UdpPart.Of(part.Payload)),
        _ => $"{part.Type} {part.Payload.Length}",
    };

    private static string Describe(in UdpPart part) =>
        $"UDP {(part.Opens ? "opens " : "")}{part.Flow}{(part.Count > 1 ? $", packet {part.Packet}, {part.Index + 1} of {part.Count}" : "")}: "
        + Convert.ToHexStringLower(part.Bytes);

    private static string Ranges(NumberRanges ranges)
    {
        var texts = new List<string>();
        while (ranges.TryRead(out var range))
        {
            texts.Add($"{range.First}-{range.Last}");
        }

        return string.Join(' ', texts);
    }
}
