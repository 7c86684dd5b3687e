using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>What the handshake leaves to a session, which owns the secrets from then on.</summary>
/// <param name="ResetToken">16 bytes at a client; empty at a server.</param>
internal sealed record SessionSecrets(
    SecretBytes Sending, SecretBytes Receiving, SecretBytes ResetToken, CipherChoice Choice, AmplificationLimit Amplification);
