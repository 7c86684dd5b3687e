namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>How long the keys of a session last. Other numbers than the defaults are for tests, which can not wait for these.</summary>
public sealed record SessionLimits
{
    public static SessionLimits Default { get; } = new();

    /// <summary>Datagrams sealed with one key before the next is wanted; AES-GCM keeps its promises far beyond (RFC 9001, B.1).</summary>
    public long DatagramsPerKey { get; init; } = 1L << 23;

    /// <summary>Time with one key before the next is wanted.</summary>
    public TimeSpan KeyLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Datagrams sealed with one key at which the session ends. Reached only by who sends on and on without any acknowledgement, which an
    /// update waits for.
    /// </summary>
    public long MaximumDatagramsPerKey { get; init; } = 1L << 25;

    /// <summary>Datagrams that did not open, over the session's life, at which it ends: what AES-GCM bears (RFC 9001, B.1).</summary>
    public long ForgedDatagrams { get; init; } = 1L << 36;

    /// <summary>Numbers in one direction; never reused, so the session ends there.</summary>
    public ulong Numbers { get; init; } = 1UL << 62;

    /// <summary>Datagrams left to seal below which a session is to be replaced: at full speed on a fast line there is a minute left then.</summary>
    public long ReplaceBelowDatagrams { get; init; } = 1L << 22;

    /// <summary>Forgeries left to bear below which a session is to be replaced.</summary>
    public long ReplaceBelowForgeries { get; init; } = 1L << 33;
}
