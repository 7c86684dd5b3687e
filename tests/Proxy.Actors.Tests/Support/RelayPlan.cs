using Proxy.Policy.Balancing;
using Proxy.Policy.Filters;
using Proxy.Policy.Health;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors.Tests;

/// <summary>A frontend and the upstreams behind it, as one thing that a test can change in a line.</summary>
internal sealed record RelayPlan
{
    public string Name { get; init; } = "web";

    public IReadOnlyList<ServerEntry> Targets { get; init; } = [];

    public string Balance { get; init; } = BalancePolicies.RoundRobin;

    public EjectionSettings? Ejection { get; init; } = EjectionSettings.Default;

    public HealthCheckSettings? Check { get; init; }

    public bool EndsSessionsOnDown { get; init; }

    public TimeSpan SlowStart { get; init; }

    public int MaximumRetries { get; init; } = 15;

    public ConnectionQueueSettings Queue { get; init; } = ConnectionQueueSettings.Default;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    public AdmissionSettings Limits { get; init; } = AdmissionSettings.Unlimited;

    public AccessRules Rules { get; init; } = AccessRules.AllowAll;

    public ProxyProtocolSettings ProxyProtocol { get; init; } = ProxyProtocolSettings.Off;

    public IReadOnlyList<IStreamFilterFactory> Filters { get; init; } = [];

    public BandwidthSettings Bandwidth { get; init; } = BandwidthSettings.Unlimited;

    public TlsTermination? Tls { get; init; }

    public IReadOnlyList<(string Pattern, IReadOnlyList<ServerEntry> Targets)> Routes { get; init; } = [];

    public UpstreamTlsSettings? UpstreamTls { get; init; }

    public UpstreamSettings Upstream => new()
    {
        Name = Name,
        Targets = Targets,
        Balance = Balance,
        Ejection = Ejection,
        Check = Check,
        EndsSessionsOnDown = EndsSessionsOnDown,
        SlowStart = SlowStart,
        Queue = Queue,
        Tls = UpstreamTls,
    };

    public FrontendSettings Frontend => new()
    {
        Name = Name,
        Listen = RelayRig.Frontend,
        To = new UpstreamTarget(Targets.Count > 0 || Routes.Count == 0 ? Name : null)
        {
            Routes = [.. Routes.Select(route => new ServerNameRoute(route.Pattern, $"{Name}/{route.Pattern}"))],
        },
        MaximumRetries = MaximumRetries,
        Timeouts = Timeouts,
        Limits = Limits,
        Rules = Rules,
        ProxyProtocol = ProxyProtocol,
        Filters = Filters,
        Bandwidth = Bandwidth,
        Tls = Tls,
    };

    public NodeSettings Node => new()
    {
        Name = "relay",
        Frontends = [Frontend],
        Upstreams = [Upstream, .. Routes.Select(route => Upstream with { Name = $"{Name}/{route.Pattern}", Targets = route.Targets })],
    };
}
