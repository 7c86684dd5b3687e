using Proxy.Cluster;
using Proxy.Cluster.Members;
using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

// Servers that come and go: those of a cluster, as its members are seen from here.
internal sealed partial class TunnelPoolActor
{
    private readonly Dictionary<ClusterServer, IActorRef[]> _makers = [];

    // What had been heard of each when somebody waited for it in vain.
    private readonly Dictionary<TunnelLink, long> _silent = [];
    private readonly HashSet<string> _suspects = new(StringComparer.Ordinal);
    private readonly LearnedMembers<IActorRef>? _learned;
    private readonly ClusterServers? _cluster;
    private MemberView _members = MemberView.Empty;

    private long Now => ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;

    private void JoinCluster()
    {
        if (_cluster is not null && _learned is null)
        {
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

    private void HandleAnnounced(TunnelAnnouncement announcement)
    {
        if (_cluster is null || !_tunnels.TryGetValue(Sender, out var tunnel))
        {
            return;
        }

        if (announcement is LoadAnnouncement load)
        {
            if (_cluster.Of(tunnel.Server) is { } server)
            {
                server.Load.Update(load, StreamsAt(server));
            }
        }
        else if (announcement is MemberAnnouncement member && _learned?.Take(Sender, member) is { } view)
        {
            HandleMembers(view);
        }
    }

    private void HandleMembers(MemberView view)
    {
        _members = view;
        FollowMembers();
    }

    private void FollowMembers()
    {
        foreach (var server in _cluster!.Update(_members, _suspects.Contains))
        {
            Context.GetLogger().Info($"tunnels are kept to the cluster's server {server.Name}: {server.Server}");
            _makers.Add(server, IsNamed(server) ? [] : [.. Enumerable.Range(0, _settings.Connections).Select(_ => MakerTo(server.Server))]);
            if (TunnelsOf(server).Any(tunnel => tunnel.Value.Link.CanOpen))
            {
                server.ReadyMicroseconds = Now;
            }
        }

        DropLeftServers();
    }

    // Tunnels to those that the settings name are there in any case.
    private bool IsNamed(ClusterServer server) => server.Server.Addresses.Any(IsNamed);

    private bool IsNamed(TunnelAddress address) => _settings.Servers.Any(named => named.Addresses.Contains(address));

    private void DropLeftServers()
    {
        foreach (var server in _cluster!.TakeDropped(server => TunnelsOf(server).Any(tunnel => tunnel.Value.Link.CanOpen)))
        {
            Context.GetLogger().Info($"the cluster's server {server.Name} gets no new streams from here: others take its place");
            Trust(server.Name);
            _makers.Remove(server, out var makers);
            Array.ForEach(makers!, maker => maker.Tell(Drain.Instance));
            foreach (var tunnel in TunnelsOf(server).Where(tunnel => !IsNamed(tunnel.Value.Server)).ToArray())
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
        _silent.Remove(tunnel.Link);
        if (_cluster?.Of(tunnel.Server) is { IsLeft: false } server && !TunnelsOf(server).Any(other => other.Value.Link.CanOpen) && _suspects.Add(server.Name))
        {
            _environment.Cluster.Actor?.Tell(new SuspectMember(server.Name), Self);
            FollowMembers();
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
            FollowMembers();
        }
    }

    private IEnumerable<KeyValuePair<IActorRef, TunnelReady>> TunnelsOf(ClusterServer server) =>
        _tunnels.Where(tunnel => server.Server.Addresses.Contains(tunnel.Value.Server));

    /// <summary>Those of servers that stay, where there are any; of these those that are near, as long as they have room.</summary>
    private TunnelReady[] Preferred(TunnelReady[] open)
    {
        if (_cluster is null)
        {
            return open;
        }

        open = Heard(open);
        var staying = Array.FindAll(open, tunnel => _cluster.Of(tunnel.Server) is { IsLeft: false });
        var near = Array.FindAll(staying, tunnel => _cluster.Of(tunnel.Server) is { IsNear: true, Load.IsFull: false });
        return near.Length > 0 ? near : staying.Length > 0 ? staying : open;
    }

    private void NoteSilent(AcquireOther other)
    {
        if (other.IsSilent && _cluster is not null)
        {
            _silent[other.Than] = other.Than.HeardCount;
        }
    }

    /// <summary>Without those of which a connection has just found that they are silent, as long as they are; all where there are no others.</summary>
    private TunnelReady[] Heard(TunnelReady[] open)
    {
        if (_silent.Count == 0)
        {
            return open;
        }

        foreach (var (link, heard) in _silent.ToArray())
        {
            if (link.HeardCount != heard || link.State == TunnelState.Closed)
            {
                _silent.Remove(link);
            }
        }

        var audible = Array.FindAll(open, tunnel => !_silent.ContainsKey(tunnel.Link));
        return audible.Length > 0 ? audible : open;
    }

    /// <summary>How busy a tunnel's server would be with one more stream, beside what it can take.</summary>
    private double LoadWithOneMore(TunnelReady tunnel) => _cluster?.Of(tunnel.Server) is { } server
        ? (server.Load.Streams(StreamsAt(server)) + 1) / server.WeightAt(Now)
        : tunnel.Link.ActiveStreams + 1;

    private int StreamsAt(ClusterServer server) => TunnelsOf(server).Sum(tunnel => tunnel.Value.Link.ActiveStreams);

    /// <summary>The same for each source as long as its server is there; who leaves concerns its own sources alone.</summary>
    private TunnelReady OfSource(TunnelReady[] open, NetworkAddress source)
    {
        var order = new Rendezvous($"{source}");
        return open.MaxBy(tunnel => order.Score($"{tunnel.Server}", _cluster?.Of(tunnel.Server)?.Weight ?? 1))!;
    }

    /// <summary>Whether a connection need not wait for one server.</summary>
    private bool HasOtherServers => _cluster is { Servers.Count: > 1 };

    private IEnumerable<TunnelServer> AllServers =>
        _settings.Servers.Concat(_cluster?.Servers.Where(server => !IsNamed(server)).Select(server => server.Server) ?? []);
}
