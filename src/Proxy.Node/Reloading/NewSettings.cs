using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Node.Hosting;
using Proxy.Node.Settings;

namespace Proxy.Node.Reloading;

/// <summary>What came of reading all settings once more.</summary>
/// <param name="Settings">Null: something is wrong with them.</param>
/// <param name="Errors">All of it, each with its place where it has one.</param>
/// <param name="Files">What was read or looked for: once one of them changes, reading again may give something else.</param>
internal sealed record NewSettings(LoadedSettings? Settings, IReadOnlyList<string> Errors, IReadOnlyList<string> Files)
{
    public static NewSettings Of(SettingsResult result) => result switch
    {
        { Settings: { } settings } => new NewSettings(settings, [], result.Files),
        _ when result.ErrorCount > result.Errors.Count =>
            new NewSettings(null, [.. result.Errors.Select(error => $"{error}"), $"and {result.ErrorCount - result.Errors.Count} more"], result.Files),
        _ => new NewSettings(null, [.. result.Errors.Select(error => $"{error}")], result.Files),
    };

    /// <summary>Of a command whose settings stand on the command line: only the files that it names can say something else.</summary>
    public static NewSettings Of(Func<NodeSettings> readAgain, HostSettings host)
    {
        try
        {
            return new NewSettings(new LoadedSettings(readAgain(), host), [], []);
        }
        catch (UsageException wrong)
        {
            return new NewSettings(null, [wrong.Message], []);
        }
    }
}
