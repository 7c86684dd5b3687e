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
        var command = new Command("demo", "Sends a file through client, sealed KCP tunnel, server and web server on 127.0.0.1, and compares its digests.")
        {
            keep,
            size,
        };
        command.SetAction((parsed, cancellation) => DemoRun.RunAsync(
            parsed.GetValue(size) is > 0 and <= 4096 and var megabytes ? megabytes : throw new UsageException("--megabytes: 1 to 4096 is expected"),
            parsed.GetValue(keep)));
        return command;
    }
}
