using Proxy.Protocol.Sealing.Ciphers;

namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>Who is at the ends of a session.</summary>
/// <param name="OwnTunnelId">What the peer's datagrams have as receiver.</param>
/// <param name="PeerTunnelId">What our datagrams have as receiver.</param>
/// <param name="Principal">The name of the pre-shared key, as this end calls it.</param>
public sealed record SessionIdentity(ulong OwnTunnelId, ulong PeerTunnelId, string Principal, CipherKind Cipher);
