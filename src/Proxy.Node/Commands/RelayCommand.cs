using System.CommandLine;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Policy.Balancing;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy relay</c>: a plain layer-4 proxy, no tunnel involved.</summary>
internal static class RelayCommand
{
    public static Command Create()
    {
        var listen = new Option<string>("--listen")
        {
            Description = "Where connections are taken.",
            HelpName = "HOST:PORT",
            Required = true,
        };
        var to = new Option<string[]>("--to")
        {
            Description = "Where they go; repeat it for more servers. One that does not answer is passed over. Every address of a name is a server; "
                + "a backup is used when no other is in service; connections wait while all servers have their maximum.",
            HelpName = ServerText.Form,
            Required = true,
        };
        var balance = new Option<string>("--balance")
        {
            Description = "How a server is chosen.",
            DefaultValueFactory = _ => BalancePolicies.RoundRobin,
        };
        balance.AcceptOnlyFromAmong([.. BalancePolicies.Names]);
        var maximum = new Option<int>("--max-connections")
        {
            Description = "Connections at once; more are refused. Default: as many as the descriptors carry.",
            HelpName = "N",
            DefaultValueFactory = _ => int.MaxValue,
        };
        var perAddress = new Option<int>("--max-connections-per-ip")
        {
            Description = "Connections of one client's address at once; more are refused. Default: no limit.",
            HelpName = "N",
            DefaultValueFactory = _ => int.MaxValue,
        };
        var access = new AccessOptions();
        var check = new CheckOptions();
        var proxyProtocol = new ProxyProtocolOptions();
        var common = new CommonOptions();
        var command = new Command("relay", "Relays TCP connections to one or more targets.") { listen, to, balance, maximum, perAddress };
        access.AddTo(command);
        check.AddTo(command);
        proxyProtocol.AddTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) => NodeHost.RunAsync(
            new NodeSettings
            {
                Name = common.NameOf(parsed),
                Relays =
                [
                    new RelayFrontendSettings
                    {
                        Name = "relay",
                        Listen = Values.ListenEndPoint(parsed.GetRequiredValue(listen), "--listen"),
                        Targets = [.. parsed.GetRequiredValue(to).Select(text => ServerText.Read(text, "--to"))],
                        Balance = parsed.GetRequiredValue(balance),
                        MaximumConnections = Values.Count(parsed.GetValue(maximum), "--max-connections"),
                        MaximumConnectionsPerSource = Values.Count(parsed.GetValue(perAddress), "--max-connections-per-ip"),
                        Check = check.Read(parsed),
                        Rules = access.Read(parsed),
                        ProxyProtocol = proxyProtocol.Read(parsed),
                    },
                ],
            },
            common.Read(parsed)));
        return command;
    }
}
