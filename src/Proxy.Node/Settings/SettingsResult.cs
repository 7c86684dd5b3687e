using Proxy.Actors;
using Proxy.Hocon;
using Proxy.Node.Hosting;

namespace Proxy.Node.Settings;

/// <summary>Everything that a configuration says: what the node does, and how the process around it behaves.</summary>
internal sealed record LoadedSettings(NodeSettings Node, HostSettings Host)
{
    /// <summary>How much there is of everything.</summary>
    public string Describe() => string.Join(", ", new[]
    {
        Count(Node.Frontends.Count, "frontend"), Count(Node.Upstreams.Count, "upstream"), Count(Node.Tunnels.Count, "tunnel"), Count(Node.ChainSets.Count, "chain"), Count(Node.Servers.Count, "server"),
    }.Where(part => part.Length > 0));

    private static string Count(int number, string what) => number switch
    {
        0 => "",
        1 => $"1 {what}",
        _ => $"{number} {what}s",
    };
}

/// <summary>What came of reading a configuration.</summary>
/// <param name="Settings">Null: something is wrong with it.</param>
/// <param name="Errors">The first of all errors.</param>
/// <param name="ErrorCount">How many there are.</param>
/// <param name="Files">All that was read or looked for, also what is named in the settings: what to watch for changes.</param>
internal sealed record SettingsResult(LoadedSettings? Settings, IReadOnlyList<HoconError> Errors, int ErrorCount, IReadOnlyList<string> Files)
{
    /// <summary>The errors, one a line, and how many there are.</summary>
    public string Describe() => ErrorCount switch
    {
        0 => "",
        1 => $"{Errors[0]}",
        _ when ErrorCount > Errors.Count => $"{string.Join('\n', Errors)}\n{ErrorCount} errors, of which the first {Errors.Count} are shown",
        _ => $"{string.Join('\n', Errors)}\n{ErrorCount} errors",
    };
}
