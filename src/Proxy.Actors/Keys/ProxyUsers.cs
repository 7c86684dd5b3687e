using System.Security.Cryptography;
using System.Text;
using Proxy.Protocol.Socks;

namespace Proxy.Actors;

/// <summary>
/// Who may use a proxy, by name and password, from a file of lines <c>NAME:PASSWORD</c> that must be for its owner alone. Lines that are empty or
/// begin with <c>#</c> say nothing. Immutable; passwords are kept as digests only.
/// </summary>
public sealed class ProxyUsers : ISocksUsers, IEquatable<ProxyUsers>
{
    private readonly byte[][] _digests;

    private ProxyUsers(byte[][] digests) => _digests = digests;

    /// <summary>Throws <see cref="KeyFileException"/>.</summary>
    public static ProxyUsers Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] bytes;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            KeyFile.CheckMode(path, file, "user file", "change the passwords");
            if (file.Length > MostBytes)
            {
                throw new KeyFileException($"the user file {path} is larger than {MostBytes / 1024} KiB");
            }

            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new KeyFileException($"the user file {path} can not be read: {failure.Message}");
        }

        try
        {
            return Parse(bytes, path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    /// <summary>Takes as long for a wrong name as for a wrong password, and for the first user as for the last.</summary>
    public bool IsRight(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password)
    {
        if (user.Length is 0 or > LongestText || password.Length is 0 or > LongestText)
        {
            return false;
        }

        var digest = Digest(user, password);
        var isRight = false;
        foreach (var known in _digests)
        {
            isRight |= CryptographicOperations.FixedTimeEquals(known, digest);
        }

        return isRight;
    }

    public bool Equals(ProxyUsers? other) =>
        other is not null && _digests.Length == other._digests.Length && _digests.Zip(other._digests).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    public override bool Equals(object? obj) => Equals(obj as ProxyUsers);

    public override int GetHashCode() => _digests.Length == 0 ? 0 : BitConverter.ToInt32(_digests[0]);

    public override string ToString() => $"{_digests.Length} users";

    private static ProxyUsers Parse(ReadOnlySpan<byte> text, string path)
    {
        var digests = new List<byte[]>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range].TrimEnd((byte)'\r');
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            var colon = line.IndexOf((byte)':');
            if (colon is < 1 or > LongestText || line.Length - colon - 1 is < 1 or > LongestText)
            {
                throw new KeyFileException($"the user file {path}, line {number}: NAME:PASSWORD is expected, each of 1 to {LongestText} bytes");
            }

            if (!names.Add(Encoding.Latin1.GetString(line[..colon])))
            {
                throw new KeyFileException($"the user file {path}, line {number}: this name is there twice");
            }

            digests.Add(Digest(line[..colon], line[(colon + 1)..]));
        }

        return digests.Count is > 0 and <= MostUsers
            ? new ProxyUsers([.. digests])
            : throw new KeyFileException($"the user file {path} has {digests.Count} users; 1 to {MostUsers} are expected");
    }

    private static byte[] Digest(ReadOnlySpan<byte> user, ReadOnlySpan<byte> password)
    {
        Span<byte> text = stackalloc byte[1 + (2 * LongestText)];
        text[0] = (byte)user.Length;
        user.CopyTo(text[1..]);
        password.CopyTo(text[(1 + user.Length)..]);
        var digest = SHA256.HashData(text[..(1 + user.Length + password.Length)]);
        CryptographicOperations.ZeroMemory(text);
        return digest;
    }

    // A byte counts each of them in SOCKS.
    private const int LongestText = 255;
    private const int MostBytes = 256 * 1024;

    // All are looked at for each connection, and a look takes some nanoseconds.
    private const int MostUsers = 1024;
}
