using Proxy.Kernel;
using Proxy.Policy.Names;

namespace Proxy.Actors;

// What stands behind frontends that relay: an actor for the servers of each upstream, and one for the files of certificates.
public sealed partial class NodeActor
{
    private readonly List<IActorRef> _certificates = [];
    private readonly Dictionary<string, Upstream> _upstreams = new(StringComparer.Ordinal);

    private void StartUpstream(UpstreamSettings settings)
    {
        var picker = new UpstreamPicker(settings, Context.System.CreateRandom(), Context.System.TimeProvider);
        var upstream = Context.ActorOf(
            Props.Create(() => new UpstreamActor(settings, _environment.Resolver, picker)).WithDispatcher(DispatcherOf(_upstreams.Count)), $"upstream-{_upstreams.Count}");
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

    private string TextOf(UpstreamTarget target) => string.Join(
        ',',
        target.Routes.Select(route => $"{route.Pattern}={TextOf(route.Upstream)}").Concat(target.Upstream is { } name ? [TextOf(name)] : []));

    private string TextOf(string upstream) => _upstreams[upstream].Picker.Settings.TargetText;

    private void StartCertificates(TlsTermination termination, string owner) =>
        _certificates.Add(Context.ActorOf(Props.Create(() => new CertificateActor(termination, owner)).WithDispatcher(_environment.Dispatchers[0])));
}
