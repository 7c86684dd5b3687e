namespace Proxy.Actors;

/// <summary>Deadlines of a connection; all but the lifetime are on. Zero turns one off, except <see cref="Header"/> and <see cref="Connect"/>.</summary>
public sealed record ConnectionTimeouts
{
    public static readonly ConnectionTimeouts Default = new();

    /// <summary>For what a client has to send before anything is done for it, as a whole.</summary>
    public TimeSpan Header { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From accept until the upstream answered; the wait for a tunnel that is down is part of it.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Without a byte in either direction.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Without a datagram in either direction: the end of a flow of UDP, as it has no other.</summary>
    public TimeSpan UdpIdle { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Without a byte in the direction that is still open, after the other one ended.</summary>
    public TimeSpan HalfClose { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the moment both sides are connected to the end, whatever moves; zero: as long as it likes.</summary>
    public TimeSpan Lifetime { get; init; }
}
