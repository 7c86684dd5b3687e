using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// What a hello says under its seal. Zeros fill the rest of the datagram.
/// <code>
/// | timestamp, ms since 1970 (64) | wants the server's key (8)
/// | count (8) | framing versions (8 each)... | count (8) | ciphers (8 each)... | settings |
/// </code>
/// </summary>
/// <param name="WantsServerKey">Whether the client insists on the server's static key (1) or not (0).</param>
/// <param name="Versions">Of the framing; the one liked best first.</param>
/// <param name="Ciphers">The one liked best first. Unknown ones are kept.</param>
internal sealed record HelloBody(
    long TimestampMilliseconds, bool WantsServerKey, IReadOnlyList<byte> Versions, IReadOnlyList<CipherKind> Ciphers, HandshakeSettings Settings)
{
    private const int FixedBytes = 9;

    public int LengthBytes => FixedBytes + 1 + Versions.Count + 1 + Ciphers.Count + Settings.LengthBytes;

    public int Write(Span<byte> target)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, TimestampMilliseconds);
        target[8] = WantsServerKey ? (byte)1 : (byte)0;
        var position = FixedBytes;
        target[position++] = (byte)Versions.Count;
        foreach (var version in Versions)
        {
            target[position++] = version;
        }

        target[position++] = (byte)Ciphers.Count;
        foreach (var cipher in Ciphers)
        {
            target[position++] = (byte)cipher;
        }

        return position + Settings.Write(target[position..]);
    }

    /// <summary>False when something is cut, too many, or neither 0 nor 1.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HelloBody? body)
    {
        body = null;
        if (source.Length < FixedBytes || source[8] > 1)
        {
            return false;
        }

        var timestamp = BinaryPrimitives.ReadInt64BigEndian(source);
        var wantsServerKey = source[8] == 1;
        var rest = source[FixedBytes..];
        if (!TryTakeList(ref rest, out var versions)
            || !TryTakeList(ref rest, out var ciphers)
            || !HandshakeSettings.TryTake(ref rest, out var settings))
        {
            return false;
        }

        body = new HelloBody(timestamp, wantsServerKey, versions, [.. ciphers.Select(cipher => (CipherKind)cipher)], settings);
        return true;
    }

    private static bool TryTakeList(ref ReadOnlySpan<byte> rest, out byte[] list)
    {
        list = [];
        if (rest is not [<= SealingLimits.Offers, ..] || rest.Length < 1 + rest[0])
        {
            return false;
        }

        list = rest.Slice(1, rest[0]).ToArray();
        rest = rest[(1 + list.Length)..];
        return true;
    }
}
