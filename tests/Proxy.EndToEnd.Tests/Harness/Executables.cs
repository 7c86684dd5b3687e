namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Where the programs are that the tests run.</summary>
internal static class Executables
{
    /// <summary>The tcpproxy that was built beside these tests, or the one PROXY_NODE_EXECUTABLE names (an installed package, say).</summary>
    public static string Node { get; } = Environment.GetEnvironmentVariable("PROXY_NODE_EXECUTABLE")
        ?? Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Proxy.Node", Configuration(), "tcpproxy"));

    /// <summary>The tcpproxy-seed that was built beside these tests.</summary>
    public static string Seed { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Proxy.Seed", Configuration(), "tcpproxy-seed"));

    /// <summary>The sample filter that was built beside these tests.</summary>
    public static string UppercaseFilter { get; } =
        Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "UppercaseFilter", Configuration(), "UppercaseFilter.dll"));

    /// <summary>The full path of a real peer. Where it is not installed the test is skipped with that reason; nothing takes its place.</summary>
    public static string RequirePeer(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Append("/usr/sbin")
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed");
        return path!;
    }

    private static string Configuration() => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
}
