using System.Security.Cryptography;
using System.Text;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Seeds;

/// <summary>
/// The seed's one user: a password is exchanged for a token, as with etcd, and a token that is used goes on being good. Thread-safe.
/// </summary>
/// <param name="userName">The user.</param>
/// <param name="password">Kept as a hash only.</param>
/// <param name="newToken">A secret of its own each time, from the system's generator.</param>
public sealed class SeedTokens(string userName, string password, Func<string> newToken)
{
    private readonly Lock _lock = new();
    private readonly byte[] _expected = Digest(userName, password);
    private readonly Dictionary<string, long> _usedAt = [];

    public static readonly EngineError WrongPassword = new(EngineErrorKind.Invalid, "etcdserver: authentication failed, invalid user ID or password");

    private static readonly EngineError Missing = new(EngineErrorKind.Invalid, "etcdserver: user name is empty");

    private static readonly EngineError Unknown = new(EngineErrorKind.Unauthenticated, "etcdserver: invalid auth token");

    /// <summary>A new token; null: the name or the password is wrong.</summary>
    public string? Authenticate(string name, string givenPassword, long nowMicroseconds)
    {
        if (!CryptographicOperations.FixedTimeEquals(Digest(name, givenPassword), _expected))
        {
            return null;
        }

        var token = newToken();
        lock (_lock)
        {
            if (_usedAt.Count >= MaximumTokens)
            {
                MakeRoom(nowMicroseconds);
            }

            _usedAt[token] = nowMicroseconds;
        }

        return token;
    }

    /// <summary>Null: the token is good. Otherwise etcd's words for what is wrong.</summary>
    public EngineError? Check(string token, long nowMicroseconds)
    {
        if (token.Length == 0)
        {
            return Missing;
        }

        lock (_lock)
        {
            if (!_usedAt.TryGetValue(token, out var usedAt) || nowMicroseconds - usedAt > LifeMicroseconds)
            {
                _usedAt.Remove(token);
                return Unknown;
            }

            _usedAt[token] = nowMicroseconds;
            return null;
        }
    }

    // Only who knows the password gets here; a client whose token falls out asks for another.
    private void MakeRoom(long nowMicroseconds)
    {
        foreach (var (old, _) in _usedAt.Where(used => nowMicroseconds - used.Value > LifeMicroseconds).ToArray())
        {
            _usedAt.Remove(old);
        }

        if (_usedAt.Count >= MaximumTokens)
        {
            _usedAt.Remove(_usedAt.MinBy(used => used.Value).Key);
        }
    }

    private static byte[] Digest(string name, string password) => SHA256.HashData(Encoding.UTF8.GetBytes($"{name.Length}:{name}{password}"));

    private const int MaximumTokens = 50_000;

    // etcd's own.
    private const long LifeMicroseconds = 300 * Clock.Second;
}
