using System.Runtime.Intrinsics.Arm;

namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>Which ciphers this node uses and what computes them; chosen once, at start. Thread-safe.</summary>
public sealed class CipherChoice
{
    private readonly EvpLibrary? _library;

    private CipherChoice(EvpLibrary? library, bool hasAesHardware)
    {
        _library = library;
        CipherKind[] all = hasAesHardware ? [CipherKind.Aes256Gcm, CipherKind.ChaCha20Poly1305] : [CipherKind.ChaCha20Poly1305, CipherKind.Aes256Gcm];
        Preferred = [.. all.Where(IsSupported)];
    }

    /// <summary>The fastest there is on this machine.</summary>
    public static CipherChoice Best { get; } = new(EvpLibrary.Instance, HasAesHardware);

    /// <summary>The framework's ciphers only, AES first: the fallback, and what the others are held against.</summary>
    public static CipherChoice Managed { get; } = new(null, hasAesHardware: true);

    /// <summary>As on a machine without AES instructions.</summary>
    public static CipherChoice WithoutAesHardware { get; } = new(EvpLibrary.Instance, hasAesHardware: false);

    /// <summary>What this node offers, the one it likes best first. Every node has AES-256-GCM, which also seals the handshake.</summary>
    public IReadOnlyList<CipherKind> Preferred { get; }

    /// <summary>For the log, as "aes-256-gcm by libcrypto.so.3".</summary>
    public string Name => NameOf(Preferred[0]);

    private static bool HasAesHardware => System.Runtime.Intrinsics.X86.Aes.IsSupported || Aes.IsSupported;

    public string NameOf(CipherKind kind) => kind switch
    {
        CipherKind.Aes256Gcm => $"aes-256-gcm by {_library?.Name ?? ".NET"}",
        CipherKind.ChaCha20Poly1305 => "chacha20-poly1305 by .NET",
        _ => "none",
    };

    /// <param name="key">32 bytes; copied.</param>
    public IAead Create(CipherKind kind, ReadOnlySpan<byte> key) => kind switch
    {
        CipherKind.Aes256Gcm when _library is not null => new EvpAesGcm(_library, key),
        CipherKind.Aes256Gcm => new ManagedAesGcm(key),
        CipherKind.ChaCha20Poly1305 => new ManagedChaCha(key),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such cipher."),
    };

    /// <summary>
    /// What both ends have: the first of the client's list, unless that is AES and this end has no hardware for it. <see cref="CipherKind.None"/>
    /// when they have nothing in common.
    /// </summary>
    public CipherKind Agree(IReadOnlyList<CipherKind> offered)
    {
        ArgumentNullException.ThrowIfNull(offered);
        var isAesSlow = Preferred[0] != CipherKind.Aes256Gcm;
        return isAesSlow && offered.Contains(Preferred[0]) ? Preferred[0] : offered.FirstOrDefault(Preferred.Contains);
    }

    private static bool IsSupported(CipherKind kind) => kind switch
    {
        CipherKind.ChaCha20Poly1305 => System.Security.Cryptography.ChaCha20Poly1305.IsSupported,
        _ => true,
    };
}
