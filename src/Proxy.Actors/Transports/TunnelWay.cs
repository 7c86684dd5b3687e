using Proxy.Kernel;
using Proxy.Protocol.Tunnels;

namespace Proxy.Actors;

/// <summary>One address of a server: the tunnel over it, the attempt at one, and the tunnel that is kept until another has taken its place.</summary>
internal sealed class TunnelWay(int index, TunnelAddress address)
{
    public int Index { get; } = index;

    public TunnelAddress Address { get; } = address;

    /// <summary>The timer of its next try.</summary>
    public string RetryKey { get; } = $"retry-{index}";

    /// <summary>The timer of its tunnel's age.</summary>
    public string RenewKey { get; } = $"renew-{index}";

    public TunnelHistory History { get; } = new();

    /// <summary>Tries since a tunnel over it last proved steady.</summary>
    public int Failures { get; set; }

    /// <summary>The tunnel or the attempt at one; null: there is none. One that was given up is none.</summary>
    public IActorRef? Tunnel { get; private set; }

    /// <summary>Null while the tunnel is an attempt.</summary>
    public TunnelLink? Link { get; private set; }

    public bool IsSuspect { get; set; }

    public long ReadyMicroseconds { get; private set; }

    /// <summary>A tunnel that nears its end and takes streams until the next one is up.</summary>
    public TunnelWay? Outgoing { get; private set; }

    /// <summary>Whether new streams can go over it.</summary>
    public bool IsUp => (Link is { State: TunnelState.Ready } && !IsSuspect) || Outgoing is { IsUp: true };

    public void Begin(IActorRef attempt)
    {
        Failures++;
        Tunnel = attempt;
    }

    public void BecomeReady(TunnelLink link, long nowMicroseconds) => (Link, IsSuspect, ReadyMicroseconds) = (link, false, nowMicroseconds);

    public void Leave() => (Tunnel, Link, IsSuspect) = (null, null, false);

    /// <summary>The present tunnel goes on until another one is up.</summary>
    public void KeepOutgoing()
    {
        var kept = new TunnelWay(Index, Address) { IsSuspect = IsSuspect };
        (kept.Tunnel, kept.Link) = (Tunnel, Link);
        Outgoing = kept;
        Leave();
    }

    public void DrainOutgoing()
    {
        Outgoing?.Link?.Drain();
        Outgoing = null;
    }

    public void ForgetOutgoing() => Outgoing = null;

    /// <summary>The way, or what is kept of it, whose tunnel that is; null: neither.</summary>
    public TunnelWay? Of(IActorRef tunnel) => tunnel.Equals(Tunnel) ? this : tunnel.Equals(Outgoing?.Tunnel) ? Outgoing : null;
}
