namespace Proxy.Hocon;

/// <summary>What came of reading a file.</summary>
public readonly record struct HoconFileContent
{
    private HoconFileContent(byte[]? bytes, string? error) => (Bytes, Error) = (bytes, error);

    /// <summary>Null: there is no such file, or it cannot be read.</summary>
    public byte[]? Bytes { get; }

    /// <summary>Why a file that is there cannot be read; null where it was read or is not there.</summary>
    public string? Error { get; }

    public static HoconFileContent Missing => default;

    public static HoconFileContent Of(byte[] bytes) => new(bytes, null);

    public static HoconFileContent Failed(string error) => new(null, error);
}

/// <summary>Where files are read from. The real one is <see cref="HoconDiskFiles"/>; a test gives its own.</summary>
public interface IHoconFiles
{
    /// <summary>
    /// The path of a file that is named in another: <paramref name="name"/> beside <paramref name="includingPath"/>, or where relative names
    /// start if that is null. Two names of one file shall give one path.
    /// </summary>
    string Locate(string? includingPath, string name);

    /// <summary>Reads a path that <see cref="Locate"/> gave. Never throws for what the file is like.</summary>
    HoconFileContent Read(string path);
}
