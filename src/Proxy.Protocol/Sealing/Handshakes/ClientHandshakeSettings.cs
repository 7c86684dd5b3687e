using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>What a client brings to a handshake; it owns none of it.</summary>
public sealed record ClientHandshakeSettings
{
    public required PresharedKey Key { get; init; }

    /// <summary>What this end's datagrams are to have as receiver; any number but 0.</summary>
    public required ulong TunnelId { get; init; }

    /// <summary>What the server is told about this end.</summary>
    public HandshakeSettings Settings { get; init; } = HandshakeSettings.Empty;

    /// <summary>
    /// The server's static public key, a <see cref="P256.IsPoint"/>: then only who has its private key can answer. Empty: everybody who has the
    /// pre-shared key can.
    /// </summary>
    public ReadOnlyMemory<byte> ServerKey { get; init; }

    public CipherChoice Ciphers { get; init; } = CipherChoice.Best;

    public SessionLimits Session { get; init; } = SessionLimits.Default;

    /// <summary>From the first hello to giving up.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After which a hello is sent again; doubled each time.</summary>
    public TimeSpan FirstRepeat { get; init; } = TimeSpan.FromMilliseconds(400);
}
