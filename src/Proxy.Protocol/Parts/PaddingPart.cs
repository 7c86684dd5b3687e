namespace Proxy.Protocol.Parts;

/// <summary>
/// Makes a datagram longer, or makes it one that is acknowledged. What it holds means nothing; we write zeros.
/// <code>
/// | type 7 | zeros to the end... |
/// </code>
/// </summary>
public static class PaddingPart
{
    public const int MinLengthBytes = 1;

    /// <summary>Fills <paramref name="destination"/>, at least one byte, to its end.</summary>
    public static void Write(Span<byte> destination)
    {
        destination.Clear();
        destination[0] = (byte)PartType.Padding;
    }
}
