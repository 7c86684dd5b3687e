using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>A finished handshake. Ids, principal and cipher are in <see cref="SealedSession.Identity"/>.</summary>
/// <param name="Session">Owned by who gets it.</param>
/// <param name="PeerSettings">What the peer said about itself; authentic.</param>
public sealed record EstablishedTunnel(SealedSession Session, HandshakeSettings PeerSettings);
