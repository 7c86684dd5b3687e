using System.Security.Cryptography;

namespace Proxy.Node.Reloading;

/// <summary>
/// How some files are at one moment, by what stands behind their names: a link that points elsewhere now, anywhere on the way, makes a
/// difference, and a file that is only moved into its place does too. Immutable; equal where nothing has changed.
/// </summary>
internal sealed class FileMarks : IEquatable<FileMarks>
{
    private readonly Dictionary<string, FileMark> _marks;

    private FileMarks(Dictionary<string, FileMark> marks)
    {
        _marks = marks;
    }

    public static FileMarks Of(IEnumerable<string> paths) =>
        new(paths.Where(IsFile).Distinct(StringComparer.Ordinal).ToDictionary(path => path, MarkOf, StringComparer.Ordinal));

    /// <summary>The first that is different, for the log.</summary>
    public string FirstDifference(FileMarks other) =>
        _marks.FirstOrDefault(mark => !other._marks.TryGetValue(mark.Key, out var before) || before != mark.Value).Key ?? "a file";

    public bool HasSamePathsAs(FileMarks other) => _marks.Count == other._marks.Count && _marks.Keys.All(other._marks.ContainsKey);

    public bool Equals(FileMarks? other) =>
        other is not null && _marks.Count == other._marks.Count && _marks.All(mark => other._marks.TryGetValue(mark.Key, out var same) && same == mark.Value);

    public override bool Equals(object? obj) => Equals(obj as FileMarks);

    public override int GetHashCode() => _marks.Count;

    // What is a pipe can be read once, and opening it may wait for ever.
    private static bool IsFile(string path) => !path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/proc/", StringComparison.Ordinal);

    private static FileMark MarkOf(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            return new FileMark(length, File.GetLastWriteTimeUtc(file), length > HashedBytes ? "" : HashOf(file, (int)length));
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return new FileMark(-1, default, "");
        }
    }

    // Two versions of the same length may be unpacked from one archive, with the times that they had there.
    private static string HashOf(Microsoft.Win32.SafeHandles.SafeFileHandle file, int length)
    {
        var bytes = new byte[length];
        var read = RandomAccess.Read(file, bytes, 0);
        return Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, read)));
    }

    // Once a second, for each file: what costs less than a request.
    private const int HashedBytes = 64 << 10;

    private readonly record struct FileMark(long Length, DateTime WrittenAt, string Hash);
}
