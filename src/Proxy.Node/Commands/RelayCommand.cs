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
        };
        var balance = new Option<string>("--balance")
        {
            Description = "How a server is chosen.",
            DefaultValueFactory = _ => BalancePolicies.RoundRobin,
        };
        balance.AcceptOnlyFromAmong([.. BalancePolicies.Names]);
        var limits = new LimitOptions();
        var access = new AccessOptions();
        var timeouts = new TimeoutOptions();
        var check = new CheckOptions();
        var proxyProtocol = new ProxyProtocolOptions();
        var eject = new EjectOptions();
        var service = new ServiceOptions();
        var bandwidth = new BandwidthOptions();
        var filters = new FilterOptions();
        var tls = new TlsOptions();
        var common = new CommonOptions();
        var command = new Command("relay", "Relays TCP connections to one or more targets.") { listen, to, balance };
        limits.AddTo(command);
        access.AddTo(command);
        timeouts.AddTo(command);
        check.AddTo(command);
        proxyProtocol.AddTo(command);
        eject.AddTo(command);
        service.AddTo(command);
        bandwidth.AddTo(command);
        filters.AddTo(command);
        tls.AddTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var settings = Settings(parsed);
            return NodeHost.RunAsync(settings, common.Read(parsed), () => settings with
            {
                Relays = [.. settings.Relays.Select(relay => relay with { Rules = access.Read(parsed) })],
            });
        });
        return command;

        NodeSettings Settings(ParseResult parsed) => new NodeSettings
        {
            Name = common.NameOf(parsed),
            MaximumConnections = limits.ReadNodeMaximum(parsed),
            Relays =
            [
                service.Apply(parsed, new RelayFrontendSettings
                {
                    Name = "relay",
                    Listen = Values.ListenEndPoint(parsed.GetRequiredValue(listen), "--listen"),
                    Targets = TargetsOf(parsed.GetValue(to) ?? [], tls.ReadRoutes(parsed)),
                    Balance = parsed.GetRequiredValue(balance),
                    Limits = limits.Read(parsed),
                    Timeouts = timeouts.Read(parsed),
                    Check = check.Read(parsed),
                    EndsSessionsOnDown = check.EndsSessionsOnDown(parsed),
                    Ejection = eject.Read(parsed),
                    Rules = access.Read(parsed),
                    ProxyProtocol = proxyProtocol.Read(parsed),
                    Bandwidth = bandwidth.Read(parsed),
                    Filters = filters.Read(parsed),
                    Tls = tls.ReadTermination(parsed),
                    Routes = tls.ReadRoutes(parsed),
                    UpstreamTls = tls.ReadUpstream(parsed),
                }),
            ],
        };
    }

    private static ServerEntry[] TargetsOf(string[] targets, IReadOnlyList<ServerNameRoute> routes) =>
        targets.Length == 0 && routes.Count == 0
            ? throw new UsageException("Option '--to' is required, unless there is a --sni-route.")
            : [.. targets.Select(text => ServerText.Read(text, "--to"))];
}
