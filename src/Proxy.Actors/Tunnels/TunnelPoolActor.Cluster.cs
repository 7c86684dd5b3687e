using Proxy.Cluster;
using Proxy.Cluster.Members;
using Proxy.Kernel;

namespace Proxy.Actors;

// Servers that come and go: those of a cluster, as its members are seen from here.
internal sealed partial class TunnelPoolActor
{
    private readonly Dictionary<ClusterServer, IActorRef[]> _makers = [];
    private readonly HashSet<string> _suspects = new(StringComparer.Ordinal);
    private ClusterServers? _cluster;

    private long Now => ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;

    private void JoinCluster()
    {
        if (_settings.Cluster is { } cluster)
        {
            _cluster = new ClusterServers(cluster, _settings.Native is not null);
            Context.System.EventStream.Subscribe<MemberViewChanged>(Self);
            _environment.Cluster.Actor?.Tell(GetMemberView.Instance, Self);
        }
    }

    private void ReceiveMembers()
    {
        Receive<MemberViewChanged>(changed => HandleMembers(changed.View));
        Receive<MemberView>(HandleMembers);
    }

    private void IgnoreMembers()
    {
        Receive<MemberViewChanged>(_ => { });
        Receive<MemberView>(_ => { });
    }

    private void HandleMembers(MemberView view)
    {
        foreach (var server in _cluster!.Update(view))
        {
            Context.GetLogger().Info($"tunnels are kept to the cluster's server {server.Name}: {server.Server}");
            _makers.Add(server, [.. Enumerable.Range(0, _settings.Connections).Select(_ => MakerTo(server.Server))]);
        }

        DropLeftServers();
    }

    private void DropLeftServers()
    {
        foreach (var server in _cluster!.TakeDropped(server => TunnelsOf(server).Any(tunnel => tunnel.Value.Link.CanOpen)))
        {
            Context.GetLogger().Info($"the cluster's server {server.Name} gets no new streams from here: others take its place");
            Trust(server.Name);
            _makers.Remove(server, out var makers);
            Array.ForEach(makers!, maker => maker.Tell(Drain.Instance));
            foreach (var tunnel in TunnelsOf(server).ToArray())
            {
                tunnel.Value.Link.Drain();
            }
        }
    }

    private IActorRef MakerTo(TunnelServer server)
    {
        var self = Self;
        return Context.ActorOf(Props.Create(() => new PreferenceActor(_environment, server, _settings, self)));
    }

    private void HandleSuspected()
    {
        NoteLoad();
        if (_tunnels.TryGetValue(Sender, out var tunnel))
        {
            NoteDoubt(tunnel);
        }
    }

    private void HandleTrusted()
    {
        NoteLoad();
        NoteTrust(Sender);
    }

    private void NoteClusterTunnel(TunnelReady ready)
    {
        if (_cluster?.Of(ready.Server) is { } server)
        {
            server.ReadyMicroseconds ??= Now;
            Trust(server.Name);
            DropLeftServers();
        }
    }

    /// <summary>The sender's tunnel has ended, or its server is silent.</summary>
    private void NoteDoubt(TunnelReady tunnel)
    {
        if (_cluster?.Of(tunnel.Server) is { IsLeft: false } server && !TunnelsOf(server).Any(other => other.Value.Link.CanOpen) && _suspects.Add(server.Name))
        {
            _environment.Cluster.Actor?.Tell(new SuspectMember(server.Name), Self);
        }
    }

    private void NoteTrust(IActorRef tunnel)
    {
        if (_tunnels.TryGetValue(tunnel, out var ready) && _cluster?.Of(ready.Server) is { } server)
        {
            Trust(server.Name);
        }
    }

    private void Trust(string name)
    {
        if (_suspects.Remove(name))
        {
            _environment.Cluster.Actor?.Tell(new TrustMember(name), Self);
        }
    }

    private IEnumerable<KeyValuePair<IActorRef, TunnelReady>> TunnelsOf(ClusterServer server) =>
        _tunnels.Where(tunnel => server.Server.Addresses.Contains(tunnel.Value.Server));

    /// <summary>Those of servers that stay, where there are any.</summary>
    private TunnelReady[] Preferred(TunnelReady[] open)
    {
        var staying = _cluster is null ? open : Array.FindAll(open, tunnel => _cluster.Of(tunnel.Server) is { IsLeft: false });
        return staying.Length > 0 ? staying : open;
    }

    /// <summary>How busy a tunnel would be with one more stream, beside what its server can take.</summary>
    private double LoadWithOneMore(TunnelReady tunnel) =>
        (tunnel.Link.ActiveStreams + 1) / (_cluster?.Of(tunnel.Server)?.WeightAt(Now) ?? 1);

    /// <summary>Whether a connection need not wait for one server.</summary>
    private bool HasOtherServers => _cluster is { Servers.Count: > 1 } && _load.OpenTunnels > 1;

    private IEnumerable<TunnelServer> AllServers => _settings.Servers.Concat(_cluster?.Servers.Select(server => server.Server) ?? []);
}
