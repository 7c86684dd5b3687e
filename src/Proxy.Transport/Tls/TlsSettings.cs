namespace Proxy.Transport.Tls;

/// <summary>What a TLS handshake may cost, and where its work is done.</summary>
public sealed record TlsSettings
{
    public static readonly TlsSettings Default = new();

    /// <summary>From the start of the handshake to its end, whatever the peer says meanwhile.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// What the peer may send before the handshake is done. A hello is at most 16 KiB and a chain of client certificates seldom more; what
    /// came along with the last message is part of the count.
    /// </summary>
    public int HandshakeBytes { get; init; } = 128 << 10;

    /// <summary>Where signing and verifying is done. Anywhere but on a loop of a node; on the loop itself under virtual time.</summary>
    public Action<IThreadPoolWorkItem> Offload { get; init; } = static work => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
}
