using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>The sealed dialect at a client. Keys belong to who made these settings, and outlive the node.</summary>
public sealed record NativeClientSettings
{
    /// <summary>The key that the servers know this client by.</summary>
    public required PresharedKey Key { get; init; }

    /// <summary>The servers' static public key, a <see cref="P256.IsPoint"/>; empty: who has the pre-shared key is believed.</summary>
    public ReadOnlyMemory<byte> ServerKey { get; init; }

    public NativeTunnelSettings Tunnel { get; init; } = NativeTunnelSettings.Default;

    /// <summary>How long keys last. Anything but the default is for tests.</summary>
    public SessionLimits Session { get; init; } = SessionLimits.Default;
}

/// <summary>The sealed dialect at a server. Keys belong to who made these settings, and outlive the node.</summary>
public sealed record NativeServerSettings
{
    /// <summary>Who may come, each by a key and a name.</summary>
    public required KeyRing Keys { get; init; }

    /// <summary>The static private key, for clients that insist on it; a <see cref="P256.IsScalar"/>. Null: those are not answered.</summary>
    public SecretBytes? ServerKey { get; init; }

    /// <summary>
    /// <see cref="TunnelIds.SecretBytesLength"/> bytes that tunnel ids are made with. The same after a restart, they let clients know at once that
    /// their tunnels are gone. Null: drawn at start, and clients find out by silence.
    /// </summary>
    public SecretBytes? ResetSecret { get; init; }

    public NativeTunnelSettings Tunnel { get; init; } = NativeTunnelSettings.Default;

    /// <summary>How long keys last. Anything but the default is for tests.</summary>
    public SessionLimits Session { get; init; } = SessionLimits.Default;
}
