using System.CommandLine;
using Proxy.Node.Demo;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy demo</c>: the whole path on one machine.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave everything running until Ctrl-C, to try it by hand." };
        var size = new Option<int>("--megabytes")
        {
            Description = "How large the file is.",
            HelpName = "N",
            DefaultValueFactory = _ => 256,
        };
        var seed = new Option<string?>("--seed")
        {
            Description = "The program tcpproxy-seed. Default: the one beside this program; where there is none, one server is shown and no cluster.",
            HelpName = "FILE",
        };
        var command = new Command("demo", "Sends a file through a client, the sealed KCP tunnels of a cluster and a web server on 127.0.0.1, and compares its digests.")
        {
            keep,
            size,
            seed,
        };
        command.SetAction((parsed, cancellation) => DemoRun.RunAsync(
            parsed.GetValue(size) is > 0 and <= 4096 and var megabytes ? megabytes : throw new UsageException("--megabytes: 1 to 4096 is expected"),
            parsed.GetValue(keep),
            FindSeed(parsed.GetValue(seed))));
        return command;
    }

    private static string? FindSeed(string? asked)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "tcpproxy-seed");
        return asked is not null && !File.Exists(asked) ? throw new UsageException($"--seed {asked}: there is no such file")
            : asked ?? (File.Exists(beside) ? beside : null);
    }
}
