using System.Buffers;

namespace Proxy.Policy.Filters;

/// <summary>
/// Finds all places where any of some patterns ends, in one pass over the bytes and whatever the borders between their parts (the automaton of
/// Aho and Corasick). Immutable, for any number of threads; where a search stands is one number of its own, 0 at the beginning.
/// </summary>
public sealed class PatternSet
{
    private const int ByteValues = 256;
    private const ushort Root = 0;

    private readonly SearchValues<byte> _firstBytes;

    /// <summary>The state that follows a state, for each byte.</summary>
    private readonly ushort[] _next;

    /// <summary>The patterns that end with a state.</summary>
    private readonly int[][] _endings;

    /// <summary>Builds the tables, which takes time and memory by the length of all patterns.</summary>
    /// <param name="patterns">None is empty; within <see cref="FilterLimits"/>.</param>
    public PatternSet(IReadOnlyList<ReadOnlyMemory<byte>> patterns)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(patterns.Count, FilterLimits.Patterns, nameof(patterns));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(patterns.Sum(pattern => pattern.Length), FilterLimits.AllPatternsBytes, nameof(patterns));
        foreach (var pattern in patterns)
        {
            ArgumentOutOfRangeException.ThrowIfZero(pattern.Length, nameof(patterns));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(pattern.Length, FilterLimits.PatternBytes, nameof(patterns));
        }

        Count = patterns.Count;
        _firstBytes = SearchValues.Create([.. patterns.Select(pattern => pattern.Span[0])]);
        var tree = PatternTree.Grow(patterns);
        _next = new ushort[tree.Count * ByteValues];
        _endings = new int[tree.Count][];
        Complete(tree);
    }

    /// <summary>How many patterns there are; they are known by their place in the list.</summary>
    public int Count { get; }

    /// <summary>Searches on to the next end of a pattern, or to the end of the input.</summary>
    /// <param name="state">Where the search stands.</param>
    /// <param name="endings">The patterns that end there.</param>
    /// <returns>How many bytes were searched, with the last one of the patterns; all of them when none ends.</returns>
    public int Search(ReadOnlySpan<byte> input, ref ushort state, out ReadOnlySpan<int> endings)
    {
        for (var index = 0; index < input.Length; index++)
        {
            if (state == Root)
            {
                var skipped = input[index..].IndexOfAny(_firstBytes);
                if (skipped < 0)
                {
                    break;
                }

                index += skipped;
            }

            state = _next[(state * ByteValues) + input[index]];
            if (_endings[state].Length > 0)
            {
                endings = _endings[state];
                return index + 1;
            }
        }

        endings = [];
        return input.Length;
    }

    /// <summary>
    /// Fills the tables state by state, the shorter ones first: where the tree does not go on, it goes on as from the longest other beginning
    /// that the state ends with, and that one is shorter.
    /// </summary>
    private void Complete(List<PatternTree> tree)
    {
        var fallbacks = new ushort[tree.Count];
        var states = new Queue<ushort>([Root]);
        while (states.TryDequeue(out var state))
        {
            var fallback = fallbacks[state];
            var inherited = state == Root ? [] : _endings[fallback];
            _endings[state] = [.. tree[state].Endings, .. inherited];
            if (state != Root)
            {
                _next.AsSpan(fallback * ByteValues, ByteValues).CopyTo(_next.AsSpan(state * ByteValues));
            }

            foreach (var (value, child) in tree[state].Children)
            {
                ref var next = ref _next[(state * ByteValues) + value];
                fallbacks[child] = next;
                next = child;
                states.Enqueue(child);
            }
        }
    }

    /// <summary>A node of the tree of all beginnings of all patterns.</summary>
    private sealed class PatternTree
    {
        public Dictionary<byte, ushort> Children { get; } = [];

        /// <summary>The patterns that are this beginning.</summary>
        public List<int> Endings { get; } = [];

        public static List<PatternTree> Grow(IReadOnlyList<ReadOnlyMemory<byte>> patterns)
        {
            var tree = new List<PatternTree> { new() };
            for (var pattern = 0; pattern < patterns.Count; pattern++)
            {
                var node = tree[Root];
                foreach (var value in patterns[pattern].Span)
                {
                    if (!node.Children.TryGetValue(value, out var child))
                    {
                        child = (ushort)tree.Count;
                        node.Children.Add(value, child);
                        tree.Add(new PatternTree());
                    }

                    node = tree[child];
                }

                node.Endings.Add(pattern);
            }

            return tree;
        }
    }
}
