namespace Proxy.Node.Names;

/// <summary>Whether the system's hosts file has a name: then nobody else is asked. Read anew for each question, which is rare behind a cache.</summary>
internal static class HostsFile
{
    private static readonly string Path = OperatingSystem.IsWindows()
        ? System.IO.Path.Combine(Environment.SystemDirectory, @"drivers\etc\hosts")
        : "/etc/hosts";

    public static bool Has(string name)
    {
        try
        {
            return File.ReadLines(Path)
                .Select(line => line.Split('#', 2)[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
                .Any(words => words.Skip(1).Contains(name, StringComparer.OrdinalIgnoreCase));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
