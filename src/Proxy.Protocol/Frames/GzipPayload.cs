using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Proxy.Protocol.Frames;

/// <summary>
/// Inflates the payload of compressed DATA with a bound. A gzip member (RFC 1952) ends with its content's length, so the length is checked
/// before anything is rented, and the content must have exactly that length: a bomb, a cut member and a second member fail here. What a
/// sender hides behind a member, ending in the same length, is not content and is dropped.
/// </summary>
internal static class GzipPayload
{
    /// <summary>The 10-byte header, an empty deflate block, checksum and length.</summary>
    public const int MinBytes = 20;

    private const int LengthFieldBytes = 4;

    /// <summary>Gives the rule that is broken, or null; then <paramref name="inflated"/> was rented and belongs to the caller.</summary>
    public static FrameRule? TryInflate(byte[]? compressed, int compressedBytes, ArrayPool<byte> pool, out byte[]? inflated, out int inflatedBytes)
    {
        inflated = null;
        inflatedBytes = 0;
        if (compressed is null || compressedBytes < MinBytes)
        {
            return FrameRule.GzipCorrupt;
        }

        var declared = BinaryPrimitives.ReadUInt32LittleEndian(compressed.AsSpan(compressedBytes - LengthFieldBytes));
        if (declared is 0 or > ProtocolLimits.InflatedBytes)
        {
            return declared == 0 ? FrameRule.GzipCorrupt : FrameRule.GzipTooLong;
        }

        var buffer = pool.Rent((int)declared);
        if (!TryInflateExactly(compressed, compressedBytes, buffer.AsSpan(0, (int)declared)))
        {
            pool.Return(buffer);
            return FrameRule.GzipCorrupt;
        }

        inflated = buffer;
        inflatedBytes = (int)declared;
        return null;
    }

    private static bool TryInflateExactly(byte[] compressed, int compressedBytes, Span<byte> destination)
    {
        try
        {
            using var source = new MemoryStream(compressed, 0, compressedBytes, writable: false);
            using var gzip = new GZipStream(source, CompressionMode.Decompress);
            return gzip.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) == destination.Length && gzip.ReadByte() < 0;
        }
        catch (Exception corrupt) when (corrupt is InvalidDataException or IOException)
        {
            return false;
        }
    }
}
