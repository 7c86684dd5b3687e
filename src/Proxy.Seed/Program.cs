using System.CommandLine;
using Proxy.Seed;
using Proxy.Seed.Hosting;

var options = new SeedOptions();
var root = new RootCommand("The embedded cluster registry of TcpProxy: the contact point of nodes where no etcd is wanted.");
options.AddTo(root);
root.SetAction((parsed, _) => SeedHost.RunAsync(options.Read(parsed)));

var parsed = root.Parse(args);
try
{
    var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
}
catch (SeedException wrong)
{
    await Console.Error.WriteLineAsync($"tcpproxy-seed: {wrong.Message}");
    return wrong.ExitCode;
}
