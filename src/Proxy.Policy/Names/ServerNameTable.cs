using System.Diagnostics.CodeAnalysis;

namespace Proxy.Policy.Names;

/// <summary>
/// What belongs to which server name: an exact name before a wildcard, of wildcards the longest, and the default when none fits. Names
/// compare without regard to case. Immutable.
/// </summary>
/// <remarks>
/// How far a wildcard reaches is the table's own choice: in certificates `*.example.org` stands for exactly one label (RFC 6125, 6.4.3), in
/// routes for any number of them. In both it does not stand for `example.org` itself.
/// </remarks>
public sealed class ServerNameTable<T>
    where T : class
{
    private readonly Dictionary<string, T> _exact = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, T> _suffixes = new(StringComparer.OrdinalIgnoreCase);
    private readonly T? _default;
    private readonly bool _isOneLabel;

    /// <param name="entries">Names and wildcards; of two that are the same the first counts.</param>
    /// <param name="defaultValue">For names that nothing fits, and for no name; null: there is nothing for them.</param>
    /// <param name="isOneLabel">Whether a wildcard stands for one label only.</param>
    /// <exception cref="ArgumentException">A pattern is neither a name nor a wildcard.</exception>
    public ServerNameTable(IEnumerable<KeyValuePair<string, T>> entries, T? defaultValue, bool isOneLabel)
    {
        ArgumentNullException.ThrowIfNull(entries);
        (_default, _isOneLabel) = (defaultValue, isOneLabel);
        foreach (var (pattern, value) in entries)
        {
            if (!ServerNames.IsPattern(pattern))
            {
                throw new ArgumentException($"'{pattern}' is neither a name nor a wildcard such as *.example.org.", nameof(entries));
            }

            var isWildcard = pattern.StartsWith(Wildcard, StringComparison.Ordinal);
            (isWildcard ? _suffixes : _exact).TryAdd(isWildcard ? pattern[Wildcard.Length..] : pattern, value);
        }
    }

    /// <summary>False: nothing fits and there is no default.</summary>
    /// <param name="name">Null: the client gave none.</param>
    /// <param name="value">What belongs to it.</param>
    public bool TryFind(string? name, [NotNullWhen(true)] out T? value)
    {
        if (name is null || !TryFindNamed(name, out value))
        {
            value = _default;
        }

        return value is not null;
    }

    private bool TryFindNamed(string name, [NotNullWhen(true)] out T? value)
    {
        if (_exact.TryGetValue(name, out value))
        {
            return true;
        }

        var suffixes = _suffixes.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var dot = name.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = name.IndexOf('.', dot + 1))
        {
            if (suffixes.TryGetValue(name.AsSpan(dot + 1), out value))
            {
                return true;
            }

            if (_isOneLabel)
            {
                break;
            }
        }

        value = null;
        return false;
    }

    private const string Wildcard = "*.";
}
