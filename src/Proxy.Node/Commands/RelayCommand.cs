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
            HelpName = "HOST:PORT or unix:/PATH",
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
        var sources = new SourceOption();
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
        sources.AddTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var settings = Settings(parsed);
            return NodeHost.RunAsync(settings, common.Read(parsed), () => settings with
            {
                Frontends = [.. settings.Frontends.Select(frontend => frontend with { Rules = access.Read(parsed) })],
            });
        });
        return command;

        NodeSettings Settings(ParseResult parsed)
        {
            var routes = tls.ReadRoutes(parsed);
            var targets = TargetsOf(parsed.GetValue(to) ?? [], routes.Count > 0);
            var upstream = service.Apply(parsed, new UpstreamSettings
            {
                Name = Name,
                Targets = targets,
                Balance = parsed.GetRequiredValue(balance),
                Check = check.Read(parsed),
                EndsSessionsOnDown = check.EndsSessionsOnDown(parsed),
                Ejection = eject.Read(parsed),
                Tls = tls.ReadUpstream(parsed),
                Sources = sources.Read(parsed),
            });
            var frontend = new FrontendSettings
            {
                Name = Name,
                Listen = Values.FrontendEndPoint(parsed.GetRequiredValue(listen), "--listen"),
                To = new UpstreamTarget(targets.Length > 0 ? Name : null)
                {
                    Routes = [.. routes.Select(route => new ServerNameRoute(route.Pattern, NameOf(route.Pattern)))],
                },
                Limits = limits.Read(parsed),
                Timeouts = timeouts.Read(parsed),
                Rules = access.Read(parsed),
                ProxyProtocol = proxyProtocol.Read(parsed),
                Bandwidth = bandwidth.Read(parsed),
                Filters = filters.Read(parsed),
                Tls = tls.ReadTermination(parsed),
                MaximumRetries = service.ReadRetries(parsed),
            };
            return new NodeSettings
            {
                Name = common.NameOf(parsed),
                MaximumConnections = limits.ReadNodeMaximum(parsed),
                Frontends = [frontend],
                Upstreams =
                [
                    .. targets.Length > 0 ? [upstream] : Array.Empty<UpstreamSettings>(),
                    .. routes.Select(route => upstream with { Name = NameOf(route.Pattern), Targets = route.Servers }),
                ],
            };
        }
    }

    private static string NameOf(string pattern) => $"{Name}/{pattern}";

    private static ServerEntry[] TargetsOf(string[] targets, bool hasRoutes) =>
        targets.Length == 0 && !hasRoutes
            ? throw new UsageException("Option '--to' is required, unless there is a --sni-route.")
            : [.. targets.Select(text => ServerText.Read(text, "--to"))];

    // What status and logs call what has no name here.
    private const string Name = "relay";
}
