namespace Proxy.Hocon;

/// <summary>Files of the disk. Relative names start at <paramref name="baseDirectory"/>, which is the working directory unless given.</summary>
public sealed class HoconDiskFiles(string? baseDirectory = null) : IHoconFiles
{
    private readonly string _baseDirectory = Path.GetFullPath(baseDirectory ?? ".");

    public string Locate(string? includingPath, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var directory = includingPath is null ? _baseDirectory : Path.GetDirectoryName(includingPath) ?? _baseDirectory;

        // No file has such a name, and the disk would throw at it.
        return name.Contains('\0', StringComparison.Ordinal) ? name : Path.GetFullPath(name, directory);
    }

    public HoconFileContent Read(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            return HoconFileContent.Missing;
        }

        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return ReadAll(file);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return HoconFileContent.Missing;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return HoconFileContent.Failed(failure.Message);
        }
    }

    // A pipe or a device has no length and may have no end, so the limit is held while reading.
    private static HoconFileContent ReadAll(FileStream file)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (var read = file.Read(buffer); read > 0; read = file.Read(buffer))
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > HoconLimits.FileBytes)
            {
                return HoconFileContent.Failed($"it has more than {HoconLimits.FileBytes >> 20} MiB");
            }
        }

        return HoconFileContent.Of(bytes.ToArray());
    }
}
