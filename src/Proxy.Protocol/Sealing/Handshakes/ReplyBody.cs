using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Resets;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// What a hello-reply says under its seal. Zeros fill the rest of the datagram.
/// <code>
/// | server's tunnel id (64) | reset token (16 bytes) | framing version (8) | cipher (8) | settings |
/// </code>
/// </summary>
internal sealed record ReplyBody(ulong TunnelId, byte[] ResetToken, byte Version, CipherKind Cipher, HandshakeSettings Settings)
{
    private const int TokenAt = sizeof(ulong);
    private const int VersionAt = TokenAt + ResetMessage.TokenBytes;
    private const int FixedBytes = VersionAt + 2;

    public int Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, TunnelId);
        ResetToken.CopyTo(target[TokenAt..]);
        target[VersionAt] = Version;
        target[VersionAt + 1] = (byte)Cipher;
        return FixedBytes + Settings.Write(target[FixedBytes..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ReplyBody? body)
    {
        body = null;
        if (source.Length < FixedBytes)
        {
            return false;
        }

        var rest = source[FixedBytes..];
        if (!HandshakeSettings.TryTake(ref rest, out var settings))
        {
            return false;
        }

        body = new ReplyBody(
            BinaryPrimitives.ReadUInt64BigEndian(source),
            source[TokenAt..VersionAt].ToArray(),
            source[VersionAt],
            (CipherKind)source[VersionAt + 1],
            settings);
        return body.TunnelId != 0;
    }
}
