using System.CommandLine;
using Proxy.Hocon;
using Proxy.Node.Settings;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy config</c>: looks at configuration without running it.</summary>
internal static class ConfigCommand
{
    public static Command Create() => new("config", "Checks and shows configuration files.") { Check(), Render(), Default(), ConfigDiff.Create() };

    private static Command Check()
    {
        var layers = new LayerOptions();
        var command = new Command("check", "Reads files as 'run' would, and tells everything that is wrong with them at once.");
        layers.AddTo(command);
        command.SetAction(parsed =>
        {
            var result = (layers.Read(parsed) with { IsCheckOnly = true }).Read();
            if (result.Settings is not { } settings)
            {
                return Fail(result.Describe());
            }

            Console.Out.WriteLine($"correct: {settings.Describe()}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Render()
    {
        var files = new Argument<string[]>("FILE") { Description = "HOCON, or JSON where it ends in .json.", Arity = ArgumentArity.OneOrMore };
        var all = new Option<bool>("--all") { Description = "With the defaults below and the environment's TCPPROXY__… above, as 'run' sees it." };
        var overrides = LayerOptions.CreateOverrides();
        var command = new Command("render", "Prints files as JSON, with everything merged and resolved, whatever it means.") { files, all, overrides };
        command.SetAction(parsed =>
        {
            var source = new SettingsSource { Files = parsed.GetRequiredValue(files), Overrides = parsed.GetValue(overrides) ?? [] };
            var loaded = parsed.GetValue(all) ? source.Load() : source.LoadFilesAlone();
            if (loaded.Document is not { } document)
            {
                return Fail(string.Join('\n', loaded.Errors));
            }

            Console.Out.WriteLine(HoconJson.Render(document.Root));
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Default()
    {
        var command = new Command("default", "Prints every setting with its default, its unit and what it is for.");
        command.SetAction(_ => Console.Out.Write(ReferenceText.Read()));
        return command;
    }

    private static int Fail(string text)
    {
        Console.Error.WriteLine(text);
        return ExitCodes.Configuration;
    }
}
