namespace Proxy.Protocol.Frames;

/// <summary>
/// Bytes of a stream (PSH), its end (FIN), or both at once (PSH-FIN).
/// <code>
/// | length | type 0 | flags: 1 the sender's last, 4 gzip | stream n | bytes... |
/// </code>
/// We never compress: vproxy's gzip costs more time than it saves. A DATA frame with neither bytes nor end is a
/// <see cref="PauseToggleFrame"/>, and writing one here is a defect.
/// </summary>
public static class DataFrame
{
    public const int MaxPayloadBytes = ProtocolLimits.FramePayloadBytes;

    public static int LengthBytes(int payloadBytes) => FrameHeader.SizeBytes + payloadBytes;

    /// <summary>Writes the header alone, for payload that is already behind it or goes out as a part of its own.</summary>
    /// <param name="endsStream">Whether these are the stream's last bytes in this direction.</param>
    public static int WriteHeader(Span<byte> destination, int streamId, int payloadBytes, bool endsStream)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadBytes, MaxPayloadBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(payloadBytes, endsStream ? 0 : 1);
        var flags = endsStream ? FrameFlags.EndStream : FrameFlags.None;
        return new FrameHeader(payloadBytes, FrameType.Data, flags, (uint)streamId).Write(destination);
    }

    /// <summary>Writes header and payload.</summary>
    /// <param name="endsStream">Whether these are the stream's last bytes in this direction.</param>
    public static int Write(Span<byte> destination, int streamId, ReadOnlySpan<byte> payload, bool endsStream)
    {
        var headerBytes = WriteHeader(destination, streamId, payload.Length, endsStream);
        payload.CopyTo(destination[headerBytes..]);
        return headerBytes + payload.Length;
    }

    /// <summary>The end alone (FIN).</summary>
    public static int WriteFin(Span<byte> destination, int streamId) => WriteHeader(destination, streamId, 0, endsStream: true);
}
