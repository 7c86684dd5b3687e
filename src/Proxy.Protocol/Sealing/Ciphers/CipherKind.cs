namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>How data datagrams are sealed; as negotiated in the handshake. Both have 32-byte keys, 12-byte nonces and 16-byte tags.</summary>
public enum CipherKind : byte
{
    None = 0,

    Aes256Gcm = 1,

    /// <summary>For machines without AES instructions, where AES is slow and its time depends on the key.</summary>
    ChaCha20Poly1305 = 2,
}
