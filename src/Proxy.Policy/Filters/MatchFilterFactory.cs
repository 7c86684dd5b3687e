using System.Globalization;

namespace Proxy.Policy.Filters;

/// <summary>What a matching filter does when a pattern ends.</summary>
public enum MatchAction
{
    /// <summary>It counts; the bytes pass.</summary>
    Count,

    /// <summary>It counts and ends the connection: the bytes before the pattern's last one have passed, that one has not.</summary>
    Cut,
}

/// <summary>
/// Counts, for all its connections together, how often each pattern occurs in the bytes that pass; places that overlap count each.
/// Nothing is held back or changed.
/// </summary>
public sealed class MatchFilterFactory : IStreamFilterFactory, IFilterCounters
{
    public const string CutReason = "A pattern was found: ";

    private readonly PatternSet _patterns;
    private readonly MatchAction _action;
    private readonly Action<FilterConnection, FilterMatch>? _onMatch;
    private readonly long[] _counts;
    private readonly string[] _names;

    /// <summary>Immutable but for its counts.</summary>
    /// <param name="names">What the patterns are called, each another name; null for their places in the set.</param>
    /// <param name="onMatch">Told of each match, on the thread of the connection; it returns soon, as a client can cause many.</param>
    public MatchFilterFactory(
        PatternSet patterns,
        MatchAction action,
        FilterDirections directions,
        IReadOnlyList<string>? names = null,
        Action<FilterConnection, FilterMatch>? onMatch = null)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        (_patterns, _action, Directions, _onMatch) = (patterns, action, directions, onMatch);
        _counts = new long[patterns.Count];
        _names = names is null ? [.. Enumerable.Range(0, patterns.Count).Select(pattern => pattern.ToString(CultureInfo.InvariantCulture))] : [.. names];
        ArgumentOutOfRangeException.ThrowIfNotEqual(_names.Length, patterns.Count, nameof(names));
    }

    public string Name => "match";

    public FilterDirections Directions { get; }

    /// <summary>How often the pattern was found so far. For any thread.</summary>
    public long CountOf(int pattern) => Interlocked.Read(ref _counts[pattern]);

    public IReadOnlyList<FilterCount> Counts() => [.. _names.Select((name, pattern) => new FilterCount(name, CountOf(pattern)))];

    public IStreamFilter Create(FilterConnection connection) => new MatchFilter(this, connection);

    private sealed class MatchFilter(MatchFilterFactory factory, FilterConnection connection) : IStreamFilter
    {
        private readonly ushort[] _states = new ushort[2];
        private readonly long[] _searchedBytes = new long[2];

        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds)
        {
            for (var rest = input; !rest.IsEmpty;)
            {
                var searched = factory._patterns.Search(rest, ref _states[(int)direction], out var endings);
                rest = rest[searched..];
                _searchedBytes[(int)direction] += searched;
                Note(direction, endings);
                if (!endings.IsEmpty && factory._action == MatchAction.Cut)
                {
                    output.Write(input[..(input.Length - rest.Length - 1)]);
                    output.Cut($"{CutReason}{factory._names[endings[0]]}");
                    return;
                }
            }

            output.Write(input);
        }

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds)
        {
            // Nothing is ever held back.
        }

        private void Note(FilterDirection direction, ReadOnlySpan<int> endings)
        {
            foreach (var pattern in endings)
            {
                Interlocked.Increment(ref factory._counts[pattern]);
                factory._onMatch?.Invoke(connection, new FilterMatch(direction, pattern, _searchedBytes[(int)direction]));
            }
        }
    }
}

/// <summary>A pattern that was found.</summary>
/// <param name="Pattern">Its place in the set.</param>
/// <param name="EndBytes">How many bytes of the direction there are up to its end.</param>
public readonly record struct FilterMatch(FilterDirection Direction, int Pattern, long EndBytes);
