using System.IO.Compression;

namespace Proxy.Protocol.Tests;

internal static class Bytes
{
    /// <summary>Bytes from hex digits; blanks and bars between them are for the reader.</summary>
    public static byte[] FromHex(string hex) => Convert.FromHexString(hex.Replace(" ", "").Replace("|", "").Replace("\n", ""));

    public static byte[] Gzip(byte[] content)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    public static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];
}
