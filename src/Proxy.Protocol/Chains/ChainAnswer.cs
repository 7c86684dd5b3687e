using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>How a hop answers one request: in the form that the request had. One answer each.</summary>
public sealed class ChainAnswer
{
    public const int MaxLengthBytes = SealedResponse.MaxLengthBytes;

    private readonly SecretBytes? _key;
    private bool _isWritten;

    private ChainAnswer(SecretBytes? key)
    {
        _key = key;
    }

    /// <summary>Whether only the asker can read it.</summary>
    public bool IsSealed => _key is not null;

    public static ChainAnswer Open() => new(null);

    internal static ChainAnswer Sealed(PresharedKey key, ReadOnlySpan<byte> salt) => new(ChainSeal.ResponseKey(key, salt));

    /// <param name="target">At least <see cref="MaxLengthBytes"/>.</param>
    public int Write(Span<byte> target, ChainResponse response)
    {
        ArgumentNullException.ThrowIfNull(response);
        if (_isWritten)
        {
            // The seal's nonce is always the same: a second one would give both away.
            throw new InvalidOperationException("A request has one answer.");
        }

        _isWritten = true;
        using (_key)
        {
            return _key is null ? response.Write(target) : SealedResponse.Write(target, response, _key.Span);
        }
    }
}
