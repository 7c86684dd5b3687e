using Proxy.Kernel;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>The tunnels of one server endpoint by the actors that steer them, and what those that ended have carried. For the loop's thread only.</summary>
/// <param name="scheme">What carries them, as in a URL.</param>
internal sealed class ServerTunnels(string scheme)
{
    private readonly Dictionary<IActorRef, Tunnel> _tunnels = [];
    private readonly TunnelTally _tally = new(TunnelRole.Server);

    public int Count => _tunnels.Count;

    /// <param name="principal">Who it was authenticated as; null where the dialect knows nobody.</param>
    /// <param name="forget">Run when it has ended.</param>
    public void Add(IActorRef actor, TunnelLink link, string? principal, Action forget)
    {
        _tunnels.Add(actor, new Tunnel(link, principal, forget));
        _tally.HandleOpened(_tunnels.Count);
    }

    /// <summary>The actor has stopped.</summary>
    public void HandleEnded(IActorRef actor)
    {
        if (_tunnels.Remove(actor, out var tunnel))
        {
            _tally.HandleEnded(tunnel.Link);
            tunnel.Forget();
        }
    }

    public void Drain()
    {
        foreach (var actor in _tunnels.Keys)
        {
            actor.Tell(ServerTunnelActor.Drain.Instance);
        }
    }

    /// <summary>Drains the tunnels of those principals alone.</summary>
    public void Drain(IReadOnlySet<string> principals)
    {
        foreach (var (actor, tunnel) in _tunnels)
        {
            if (tunnel.Principal is { } principal && principals.Contains(principal))
            {
                actor.Tell(ServerTunnelActor.Drain.Instance);
            }
        }
    }

    /// <summary>For when nobody steers them any more.</summary>
    public void DisposeLinks()
    {
        foreach (var tunnel in _tunnels.Values)
        {
            // An actor that was stopped before it knew its link did not dispose of it.
            tunnel.Link.Dispose();
        }
    }

    /// <summary>For when nobody asks here any more.</summary>
    public NodeActor.TunnelsLeft Left() => new(Totals with { Established = 0 });

    private TunnelTotals Totals => _tally.Totals(_tunnels.Values.Select(tunnel => tunnel.Link));

    public ComponentStatus Status()
    {
        var totals = Totals;
        var streams = new StreamCount(_tunnels.Values.Sum(tunnel => tunnel.Link.ActiveStreams), totals.Counters.Streams);
        return new ComponentStatus
        {
            Tunnels = [.. _tunnels.Values.Select(tunnel => TunnelStatuses.Of(tunnel.Link, scheme, $"{tunnel.Link.Peer}", tunnel.Principal))],
            TunnelTotals = totals,
            Streams = streams,
            Connections = streams,
        };
    }

    private sealed record Tunnel(TunnelLink Link, string? Principal, Action Forget);
}
