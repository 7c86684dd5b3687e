using System.CommandLine;
using Proxy.Node;
using Proxy.Node.Commands;

// Read once by the runtime, at the first socket: completions run on its polling thread, which only posts them to our loops. A third of the
// CPU per small request without the hop through the thread pool in between.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

var root = new RootCommand("A clustered TCP proxy: plain layer-4 relays, and tunnels over links that TCP does badly on.")
{
    RelayCommand.Create(),
    ServerCommand.Create(),
    ClientCommand.Create(),
    RunCommand.Create(),
    ConfigCommand.Create(),
    StatusCommand.Create(),
    BanCommand.CreateBan(),
    BanCommand.CreateUnban(),
    KeygenCommand.Create(),
    RedirectCommand.Create(),
    DemoCommand.Create(),
};

var parsed = root.Parse(args);
try
{
    var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
}
catch (UsageException wrong)
{
    await Console.Error.WriteLineAsync($"tcpproxy {parsed.CommandResult.Command.Name}: {wrong.Message}");
    return wrong.ExitCode;
}
