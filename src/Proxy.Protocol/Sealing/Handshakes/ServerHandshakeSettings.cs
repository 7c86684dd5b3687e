using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>What the listeners of a server share; they own none of it.</summary>
public sealed record ServerHandshakeSettings
{
    /// <summary>Who may come.</summary>
    public required KeyRing Keys { get; init; }

    public required Cookies Cookies { get; init; }

    public required HelloReplays Replays { get; init; }

    public required TunnelIds TunnelIds { get; init; }

    /// <summary>The server's static private key, for clients that insist on it; 32 bytes, a <see cref="P256.IsScalar"/>.</summary>
    public SecretBytes? ServerKey { get; init; }

    public CipherChoice Ciphers { get; init; } = CipherChoice.Best;

    public SessionLimits Session { get; init; } = SessionLimits.Default;

    /// <summary>Half-open tunnels of one listener above which a cookie is required.</summary>
    public int CookieAboveHalfOpen { get; init; } = 100;

    /// <summary>Authentic hellos without a cookie in a second, at one listener, above which a cookie is required.</summary>
    public int CookieAboveHellosPerSecond { get; init; } = 200;

    /// <summary>Half-open tunnels of one listener; beyond it nobody is let in.</summary>
    public int MaximumHalfOpen { get; init; } = 1000;

    /// <summary>How long a tunnel may be half open.</summary>
    public TimeSpan HalfOpenTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
