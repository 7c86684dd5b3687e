using System.Buffers.Binary;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Ends the tunnel and all its streams at once, whatever is still under way. The reason is a <see cref="WireReason"/>.
/// <code>
/// | type 8 | reason (16 bits) | text to the end... |
/// </code>
/// </summary>
public static class ClosePart
{
    public const int ReasonFieldBytes = 2;
    public const int MaxLengthBytes = 1 + ReasonFieldBytes + ProtocolLimits.ReasonBytes;

    /// <summary>Writes the part, its text cut to <see cref="ProtocolLimits.ReasonBytes"/>, and returns its length.</summary>
    public static int Write(Span<byte> destination, EndReason reason, string text)
    {
        destination[0] = (byte)PartType.Close;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], (byte)WireReasons.ToWire(reason));
        return 1 + ReasonFieldBytes + WireText.Write(text, destination[(1 + ReasonFieldBytes)..], ProtocolLimits.ReasonBytes);
    }

    /// <summary>As the wire has it; a number that no <see cref="WireReason"/> has is one that a later version knows.</summary>
    public static int Reason(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt16BigEndian(payload);

    /// <summary>One line of printable text.</summary>
    public static string Text(ReadOnlySpan<byte> payload)
    {
        var text = payload[ReasonFieldBytes..];
        return WireText.Read(text[..Math.Min(text.Length, ProtocolLimits.ReasonBytes)]);
    }
}
