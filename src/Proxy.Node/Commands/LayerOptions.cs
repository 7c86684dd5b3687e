using System.CommandLine;
using Proxy.Node.Settings;

namespace Proxy.Node.Commands;

/// <summary>What a configuration is made of: files, and settings over them.</summary>
internal sealed class LayerOptions
{
    private readonly Option<string[]> _files = new("--config", "-c")
    {
        Description = "A file of settings (HOCON; JSON where it ends in .json). May be repeated: each lies over those before it.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _overrides = CreateOverrides();

    public static Option<string[]> CreateOverrides() => new("--set")
    {
        Description = "One setting over all files and over the environment, by its path below tcpproxy: --set frontends.web.timeouts.idle=5m. May be repeated.",
        HelpName = "path=value",
    };

    public void AddTo(Command command)
    {
        command.Add(_files);
        command.Add(_overrides);
    }

    public SettingsSource Read(ParseResult parsed) => new() { Files = parsed.GetValue(_files) ?? [], Overrides = parsed.GetValue(_overrides) ?? [] };
}
