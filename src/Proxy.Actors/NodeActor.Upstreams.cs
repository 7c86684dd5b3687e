using Proxy.Kernel;
using Proxy.Policy.Names;

namespace Proxy.Actors;

// What stands behind frontends that relay: an actor for the servers of each upstream, and one for the files of certificates.
public sealed partial class NodeActor
{
    private readonly Dictionary<string, Upstream> _upstreams = new(StringComparer.Ordinal);

    private void CommitUpstreams(IReadOnlyList<Step<UpstreamSettings>> steps)
    {
        foreach (var (old, changed) in steps)
        {
            if (changed is null)
            {
                continue;
            }

            if (old is null)
            {
                StartUpstream(changed);
            }
            else
            {
                _upstreams[changed.Name].Actor.Tell(new UpstreamActor.Change(changed));
            }
        }
    }

    /// <summary>The last step: only now does no frontend send anybody there.</summary>
    private void RetireUpstreams(IReadOnlyList<Step<UpstreamSettings>> steps)
    {
        foreach (var (old, changed) in steps)
        {
            if (changed is null && _upstreams.Remove(old!.Name, out var gone))
            {
                gone.Actor.Tell(UpstreamActor.Retire.Instance);
            }
        }
    }

    private void StartUpstream(UpstreamSettings settings)
    {
        var picker = new UpstreamPicker(settings, Context.System.CreateRandom(), Context.System.TimeProvider);
        var number = _made++;
        var upstream = Context.ActorOf(
            Props.Create(() => new UpstreamActor(settings, _environment.Resolver, picker)).WithDispatcher(DispatcherOf(_upstreams.Count)), $"upstream-{number}");
        _upstreams.Add(settings.Name, new Upstream(picker, upstream));
    }

    private RelayUpstreams UpstreamsOf(UpstreamTarget target)
    {
        var other = target.Upstream is { } name ? _upstreams[name] : null;
        if (target.Routes.Count == 0)
        {
            return new RelayUpstreams(other, Routes: null);
        }

        var routes = target.Routes.Select(route => KeyValuePair.Create(route.Pattern, _upstreams[route.Upstream])).ToArray();
        return new RelayUpstreams(other, new ServerNameTable<Upstream>(routes, other, isOneLabel: false));
    }

    private string TextOf(FrontendTarget target) => target switch
    {
        UpstreamTarget relayed => string.Join(
            ',', relayed.Routes.Select(route => $"{route.Pattern}={TextOf(route.Upstream)}").Concat(relayed.Upstream is { } name ? [TextOf(name)] : [])),
        ChainTarget chained => chained.Destination?.ToString() ?? "-",
        RoutedTarget routed => routed.Destination?.ToString() ?? "-",
        TunnelTarget tunnelled => tunnelled.Destination?.ToString() ?? "-",
        _ => throw new InvalidOperationException($"{target} is not known"),
    };

    private string TextOf(string upstream) => _settings.Upstreams.First(settings => settings.Name == upstream).TargetText;

    private IActorRef StartCertificates(TlsTermination termination, string owner) =>
        Context.ActorOf(Props.Create(() => new CertificateActor(termination, owner)).WithDispatcher(_environment.Dispatchers[0]));
}
