using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>The keys that a server knows, each a principal. Immutable; owns its keys.</summary>
public sealed class KeyRing : IDisposable
{
    private readonly PresharedKey[] _keys;

    /// <summary>Throws when two keys are the same: nobody could say which principal came.</summary>
    public KeyRing(IEnumerable<PresharedKey> keys)
    {
        _keys = [.. keys];
        for (var index = 0; index < _keys.Length; index++)
        {
            if (TryFind(_keys[index].Id, out var first) && first != _keys[index])
            {
                throw new ArgumentException($"The keys {first.Name} and {_keys[index].Name} are the same.", nameof(keys));
            }
        }
    }

    public IReadOnlyList<PresharedKey> Keys => _keys;

    /// <summary>Takes the same time whichever key it is, or none.</summary>
    public bool TryFind(ReadOnlySpan<byte> id, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PresharedKey? found)
    {
        found = null;
        foreach (var key in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(key.Id, id) && found is null)
            {
                found = key;
            }
        }

        return found is not null;
    }

    public void Dispose()
    {
        foreach (var key in _keys)
        {
            key.Dispose();
        }
    }
}
