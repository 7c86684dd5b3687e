using System.Buffers;
using System.Buffers.Text;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>A key as people keep it: base64 of its 32 bytes, 44 characters, with blanks and line ends around it or not.</summary>
public static class KeyText
{
    /// <summary>Longer text is no key, whatever it is.</summary>
    public const int MaximumBytes = 256;

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    /// <param name="text">UTF-8.</param>
    /// <param name="key">Owned by the caller; null when false.</param>
    /// <param name="problem">What is wrong with the text, to follow its name: "is not base64".</param>
    public static bool TryRead(
        ReadOnlySpan<byte> text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SecretBytes? key,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? problem)
    {
        key = null;
        problem = null;
        var trimmed = text.Trim(Blanks);
        if (trimmed.IsEmpty)
        {
            problem = "is empty";
        }
        else if (trimmed.Length > MaximumBytes)
        {
            problem = "is too long for a key";
        }
        else
        {
            using var decoded = new SecretBytes(MaximumBytes);
            if (Base64.DecodeFromUtf8(trimmed, decoded.Span, out _, out var length) != OperationStatus.Done)
            {
                problem = "is not base64";
            }
            else if (length != PresharedKey.Bytes)
            {
                problem = $"has {length} bytes, and a key has {PresharedKey.Bytes}";
            }
            else
            {
                key = new SecretBytes(decoded.Span[..length]);
            }
        }

        return key is not null;
    }
}
