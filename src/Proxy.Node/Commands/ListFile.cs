namespace Proxy.Node.Commands;

/// <summary>Reads a list from a file, whole, as UTF-8.</summary>
internal static class ListFile
{
    // A set's million of the longest entries; whoever names a disk by mistake hears of it before the memory is full.
    private const int MaximumCharacters = 64 << 20;

    /// <summary>False: <paramref name="error"/> names the file and says why it can not be read.</summary>
    public static bool TryRead(string path, out string content, out string error)
    {
        (content, error) = ("", "");
        try
        {
            using var reader = new StreamReader(path);
            var read = new System.Text.StringBuilder();
            var buffer = new char[64 << 10];
            while (reader.Read(buffer) is > 0 and var count)
            {
                read.Append(buffer, 0, count);
                if (read.Length > MaximumCharacters)
                {
                    error = $"{path}: it is longer than {MaximumCharacters >> 20} million characters; a list of networks is expected";
                    return false;
                }
            }

            content = read.ToString();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            error = $"{path}: it cannot be read: {failure.Message}";
            return false;
        }
    }
}
