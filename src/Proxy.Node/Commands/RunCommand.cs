using System.CommandLine;
using Proxy.Node.Hosting;
using Proxy.Node.Reloading;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy run</c>: a node with any mix of roles, from configuration files.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var layers = new LayerOptions();
        var shortcuts = new[]
        {
            new Shortcut("--admin", "HOST:PORT", "admin.listen"),
            new Shortcut("--drain", "DURATION", "node.drain"),
            new Shortcut("--log-level", "LEVEL", "log.level"),
            new Shortcut("--log-format", "text|json", "log.format"),
            new Shortcut("--name", "NAME", "node.name"),
            new Shortcut("--hand-over", "PATH", "node.hand-over"),
        };
        var command = new Command("run", "Runs what configuration files say: frontends, upstreams, tunnels, servers.");
        layers.AddTo(command);
        foreach (var shortcut in shortcuts)
        {
            command.Add(shortcut.Option);
        }

        command.SetAction((parsed, cancellation) =>
        {
            var asked = layers.Read(parsed);
            var source = asked with { Overrides = [.. asked.Overrides, .. shortcuts.SelectMany(shortcut => shortcut.Read(parsed))] };
            var result = source.Read();
            var settings = result.Settings ?? throw new ConfigurationException($"the configuration is wrong\n{result.Describe()}");
            return NodeHost.RunAsync(new LoadedInForce(settings.Node, settings.Host), result.Files, () => NewSettings.Of(source.Read()));
        });
        return command;
    }

    /// <summary>An option of all commands that run a node; here it is one setting over all files.</summary>
    private sealed class Shortcut(string name, string form, string path)
    {
        public Option<string?> Option { get; } = new(name) { Description = $"The same as --set {path}={form}.", HelpName = form };

        public IEnumerable<string> Read(ParseResult parsed) => parsed.GetValue(Option) is { } value ? [$"{path}={value}"] : [];
    }
}
