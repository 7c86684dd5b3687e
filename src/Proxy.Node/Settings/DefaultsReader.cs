using Proxy.Actors;

namespace Proxy.Node.Settings;

/// <summary>What holds for each entry of a table unless it says something else.</summary>
internal sealed record Defaults(
    FrontendDraft Frontend, UpstreamDraft Upstream, TunnelDraft Tunnel, ServerDraft Server, PrincipalDraft Principal, ChainDraft Chain, PathDraft Path)
{
    /// <summary>The program's own, before any configuration.</summary>
    public static readonly Defaults OfProgram =
        new(FrontendDraft.Default, UpstreamDraft.Default, TunnelDraft.Default, ServerDraft.Default, PrincipalDraft.Default, ChainDraft.Default, PathDraft.Default);
}

internal static class DefaultsReader
{
    public static Defaults Read(SettingsObject defaults, SettingsReading reading) => new(
        FrontendReader.Read(defaults.Inside("frontend"), FrontendDraft.Default, reading),
        UpstreamReader.Read(defaults.Inside("upstream"), UpstreamDraft.Default),
        TunnelReader.Read(defaults.Inside("tunnel"), TunnelDraft.Default, reading),
        ServerReader.Read(defaults.Inside("server"), ServerDraft.Default, reading),
        KeysReader.ReadPrincipal(KeySource.DefaultName, defaults.Inside("principal"), PrincipalDraft.Default, reading),
        ChainReader.Read(defaults.Inside("chain"), ChainDraft.Default),
        ChainReader.ReadPath(defaults.Inside("path"), PathDraft.Default, reading));
}
