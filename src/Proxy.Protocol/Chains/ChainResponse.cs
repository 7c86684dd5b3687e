using System.Buffers.Binary;

namespace Proxy.Protocol.Chains;

/// <summary>
/// A hop's answer to its request, before any byte from behind it.
/// <code>
/// | version 1 | status (8 bits) | length of the text (16 bits) | text... |
/// </code>
/// </summary>
/// <param name="Text">For people; one printable line when it was read, cut to <see cref="ProtocolLimits.ChainTextBytes"/> when written.</param>
public sealed record ChainResponse(ChainStatus Status, string Text = "")
{
    private const int FixedBytes = 4;

    public const int MaxLengthBytes = FixedBytes + ProtocolLimits.ChainTextBytes;

    public int LengthBytes => FixedBytes + WireText.LengthBytes(Text, ProtocolLimits.ChainTextBytes);

    public int Write(Span<byte> target)
    {
        target[0] = ChainRequest.Version;
        target[1] = (byte)Status;
        var textBytes = WireText.Write(Text, target[FixedBytes..], ProtocolLimits.ChainTextBytes);
        BinaryPrimitives.WriteUInt16BigEndian(target[2..], (ushort)textBytes);
        return FixedBytes + textBytes;
    }

    /// <summary>
    /// Reads the header that <paramref name="source"/> starts with, in the manner of <see cref="ChainRequest.TryRead"/>. One that needs more is
    /// shorter than <see cref="MaxLengthBytes"/>.
    /// </summary>
    /// <param name="consumedBytes">The header's length when it was read, else 0. What follows is the next hop's answer, or payload.</param>
    /// <param name="response">Null unless the header was read.</param>
    /// <param name="broken">The rule, when malformed.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> source, out int consumedBytes, out ChainResponse? response, out ChainRule broken)
    {
        consumedBytes = 0;
        response = null;
        broken = CheckBeginning(source);
        if (broken != ChainRule.None)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < FixedBytes || source.Length < FixedBytes + TextBytes(source))
        {
            return ReadStatus.NeedMore;
        }

        consumedBytes = FixedBytes + TextBytes(source);
        response = new ChainResponse((ChainStatus)source[1], WireText.Read(source[FixedBytes..consumedBytes]));
        return ReadStatus.Done;
    }

    private static int TextBytes(ReadOnlySpan<byte> source) => BinaryPrimitives.ReadUInt16BigEndian(source[2..]);

    private static ChainRule CheckBeginning(ReadOnlySpan<byte> source) => source switch
    {
        [not ChainRequest.Version, ..] => ChainRule.UnknownVersion,
        [_, > (byte)ChainStatus.Busy, ..] => ChainRule.UnknownStatus,
        { Length: >= FixedBytes } when TextBytes(source) > ProtocolLimits.ChainTextBytes => ChainRule.TextTooLong,
        _ => ChainRule.None,
    };
}
