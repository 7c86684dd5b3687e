using Proxy.Kernel;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

// How the node is: what it knows by itself, and what its parts say.
public sealed partial class NodeActor
{
    private void GatherStatus()
    {
        IReadOnlyList<IActorRef> components =
        [
            .. _listeners, .. _upstreams.Values.Select(upstream => upstream.Actor), .. _poolActors, .. _chainSets.Values.Select(set => set.Actor),
            .. _drains.Keys,
        ];
        var frontends = FrontendsOfAll();
        var own = new ComponentStatus
        {
            TunnelTotals = _tunnelsLeft,
            Live = [.. frontends.SelectMany(LiveOf)],
            Principals = [.. _servers.Values.SelectMany(server => server.Live.Egress.Principals?.Status() ?? [])],
            Tls = [.. frontends.Select(frontend => frontend.Tls.Status(frontend.Name))],
        };
        var (asker, self) = (Sender, Self);
        Context.ActorOf(Props.Create(() => new StatusGatherer(components, own, asker, self)));
    }

    private IReadOnlyList<Frontend> FrontendsOfAll() =>
    [
        .. _servers.Values.Select(server => server.Live.Egress),
        .. _servers.Values.Select(server => server.ChainEgress).OfType<Frontend>(),
        .. _frontends.Concat(_leavingFrontends).Select(part => part.Shared),
    ];

    private IEnumerable<ConnectionStatus> LiveOf(Frontend frontend)
    {
        var now = _environment.Dispatchers[0].Loop.NowMicroseconds;
        return frontend.Counters.Live(MaximumLiveShown).Select(record => new ConnectionStatus(
            record.Id,
            record.Frontend,
            record.Client.ToString(),
            record.Server,
            record.Phase.Text(),
            Math.Max(0, Math.Round(record.Duration(now).TotalSeconds, 3)),
            record.BytesFromClient,
            record.BytesFromUpstream));
    }

    // Of each frontend: enough to look at, and no burden with ten thousand of them.
    private const int MaximumLiveShown = 100;
}
