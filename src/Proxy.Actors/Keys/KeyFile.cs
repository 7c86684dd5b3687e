using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Actors;

/// <summary>A key is not there, not a key, or not a secret; the message says which and what to do.</summary>
public sealed class KeyFileException(string message) : Exception(message);

/// <summary>A file with one key, as <c>tcpproxy keygen</c> writes it. It must be for its owner alone.</summary>
public static class KeyFile
{
    private const UnixFileMode OfOthers =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const int ReadBytes = 2 * KeyText.MaximumBytes;

    /// <summary>The 32 bytes in the file, which the caller owns. Throws <see cref="KeyFileException"/>.</summary>
    public static SecretBytes Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            CheckMode(path, file, "key file", "make a new key");
            using var text = new SecretBytes(ReadBytes);
            var length = file.ReadAtLeast(text.Span, ReadBytes, throwOnEndOfStream: false);
            return KeyText.TryRead(text.Span[..length], out var key, out var problem)
                ? key
                : throw new KeyFileException($"the key file {path} {problem}; 'tcpproxy keygen --out FILE' makes one");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"the key file {path} can not be read: {failure.Message}");
        }
    }

    /// <summary>The open file's mode, so that it can not be another one by the time it is read.</summary>
    /// <param name="kind">What the file is, for the message.</param>
    /// <param name="cure">What to do if somebody may have read it.</param>
    internal static void CheckMode(string path, FileStream file, string kind, string cure)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & OfOthers) != UnixFileMode.None)
        {
            throw new KeyFileException(
                $"the {kind} {path} is open to others than its owner (mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}): chmod 600 it, and "
                + $"{cure} if somebody may have read it");
        }
    }
}
