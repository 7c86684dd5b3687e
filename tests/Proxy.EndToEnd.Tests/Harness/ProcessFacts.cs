using System.Globalization;
using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What the kernel says about a process, from /proc (proc(5)).</summary>
internal static class ProcessFacts
{
    public static long ResidentBytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Open descriptors, less those of the program's own assemblies: the runtime opens one whenever it first needs it, and keeps it.</summary>
    public static int DescriptorCount(int processId) => Descriptors(processId).Count;

    /// <summary>What is behind each of <see cref="DescriptorCount"/>.</summary>
    public static IReadOnlyList<string> Descriptors(int processId) =>
    [
        .. Directory.GetFileSystemEntries($"/proc/{processId}/fd")
            .Select(NameBehind)
            .OfType<string>()
            .Where(name => !name.EndsWith(".dll", StringComparison.Ordinal)),
    ];

    /// <summary>The local ports of the UDP sockets that a process holds, IPv4 and IPv6.</summary>
    public static IReadOnlyList<int> UdpPorts(int processId)
    {
        var inodes = SocketInodes(processId);
        return [.. new[] { "/proc/net/udp", "/proc/net/udp6" }
            .Where(File.Exists)
            .SelectMany(table => File.ReadLines(table).Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => inodes.Contains(columns[9]))
            .Select(columns => int.Parse(columns[1].AsSpan(columns[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .Where(port => port is > IPEndPoint.MinPort and <= IPEndPoint.MaxPort)
            .Distinct()];
    }

    private static HashSet<string> SocketInodes(int processId)
    {
        const string prefix = "socket:[";
        var inodes = new HashSet<string>();
        foreach (var descriptor in new DirectoryInfo($"/proc/{processId}/fd").EnumerateFiles())
        {
            if (descriptor.LinkTarget is { } target && target.StartsWith(prefix, StringComparison.Ordinal))
            {
                inodes.Add(target[prefix.Length..^1]);
            }
        }

        return inodes;
    }

    /// <summary>Null: it was closed since it was listed.</summary>
    private static string? NameBehind(string entry)
    {
        try
        {
            return File.ResolveLinkTarget(entry, returnFinalTarget: false)?.Name;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
