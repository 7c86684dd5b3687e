using Proxy.Kernel;
using Proxy.Policy.Names;

namespace Proxy.Actors;

// What stands behind a relay's listener: an actor for the servers of each route, and one for the files of its certificates.
public sealed partial class NodeActor
{
    private readonly List<IActorRef> _certificates = [];

    private RelayUpstreams StartUpstreams(RelayFrontendSettings relay)
    {
        if (relay.Tls is { } termination)
        {
            _certificates.Add(Context.ActorOf(Props.Create(() => new CertificateActor(termination, relay.Name)).WithDispatcher(_environment.Dispatchers[0])));
        }

        var other = relay.Targets.Count > 0 ? StartUpstream(relay) : null;
        if (relay.Routes.Count == 0)
        {
            return new RelayUpstreams(other, Routes: null);
        }

        var routes = relay.Routes
            .Select(route => KeyValuePair.Create(route.Pattern, StartUpstream(relay with { Name = $"{relay.Name}/{route.Pattern}", Targets = route.Targets })))
            .ToArray();
        return new RelayUpstreams(other, new ServerNameTable<Upstream>(routes, other, isOneLabel: false));
    }

    private Upstream StartUpstream(RelayFrontendSettings relay)
    {
        // On the loop of the listener, its next door neighbour.
        var picker = new UpstreamPicker(relay, Context.System.CreateRandom(), Context.System.TimeProvider);
        var upstream = Context.ActorOf(
            Props.Create(() => new UpstreamActor(relay, _environment.Resolver, picker)).WithDispatcher(DispatcherOf(_listeners.Count)), $"upstream-{_upstreams.Count}");
        _upstreams.Add(upstream);
        return new Upstream(picker, upstream);
    }
}
