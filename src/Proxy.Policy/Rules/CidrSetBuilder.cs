namespace Proxy.Policy.Rules;

/// <summary>
/// Gathers the entries of one set from settings and from the content of files. An entry is a block as <see cref="Cidr"/> reads it;
/// <c>!</c> in front makes it an exception. In a file: one entry a line, <c>#</c> begins a comment, empty lines are passed over.
/// Everything that can not be read is in <see cref="Errors"/>, up to <see cref="MaximumErrors"/>. One owner.
/// </summary>
public sealed class CidrSetBuilder
{
    /// <summary>A file of a million blocks is 32 MB of ranges at most; a longer one is a mistake in the path.</summary>
    public const int MaximumEntries = 1_000_000;

    /// <summary>A file that is no list at all has an error in every line; nobody reads more than these.</summary>
    public const int MaximumErrors = 100;

    // An IPv6 block means no IPv4 address: all of them are an exception that IPv4 blocks, being as long or longer, take back.
    private static readonly Cidr AllIPv4 = Cidr.Around(new(NetworkAddress.MappedBase), NetworkAddress.IPv4PrefixOffset);

    private readonly Dictionary<Cidr, Entry> _entries = [];
    private readonly List<CidrError> _errors = [];

    public IReadOnlyList<CidrError> Errors => _errors;

    /// <summary>Adds one entry; <paramref name="source"/> and <paramref name="line"/> are for the error only.</summary>
    public CidrSetBuilder Add(ReadOnlySpan<char> entry, string source, int line)
    {
        var isException = entry.StartsWith('!');
        if (!Cidr.TryParse(isException ? entry[1..].TrimStart() : entry, out var block, out var error))
        {
            AddError(source, line, error);
            return this;
        }

        if (_entries.Count >= MaximumEntries)
        {
            AddError(source, line, $"the set has more than {MaximumEntries} entries");
            return this;
        }

        var added = new Entry(isException, source, line);
        if (!_entries.TryAdd(block, added) && _entries[block] is var earlier && earlier.IsException != isException)
        {
            AddError(source, line, $"'{entry}' contradicts {earlier.Source}:{earlier.Line}");
        }

        return this;
    }

    /// <summary>Adds every line of a file's content.</summary>
    public CidrSetBuilder AddLines(string content, string source)
    {
        var line = 0;
        foreach (var text in content.AsSpan().EnumerateLines())
        {
            line++;
            var comment = text.IndexOf('#');
            var entry = (comment < 0 ? text : text[..comment]).Trim();
            if (!entry.IsEmpty && _errors.Count < MaximumErrors)
            {
                Add(entry, source, line);
            }
        }

        return this;
    }

    /// <summary>The set of all entries that could be read. A set of exceptions only is empty.</summary>
    public CidrSet Build()
    {
        var blocks = _entries.Select(entry => (Block: entry.Key, entry.Value.IsException)).ToList();
        if (!_entries.ContainsKey(AllIPv4))
        {
            blocks.Add((AllIPv4, true));
        }

        // Blocks nest or are apart. In this order an outer block comes right before all it holds.
        blocks.Sort((left, right) => left.Block.First.CompareTo(right.Block.First) is not 0 and var byFirst
            ? byFirst
            : left.Block.PrefixLength.CompareTo(right.Block.PrefixLength));
        return new CidrSet(RangesOf(ChangesIn(blocks)));
    }

    // Walks all addresses upward and notes where the deciding block changes. Of several changes at one address the last one holds.
    private static List<(UInt128 Start, bool IsIn)> ChangesIn(List<(Cidr Block, bool IsException)> sortedBlocks)
    {
        var changes = new List<(UInt128 Start, bool IsIn)>(sortedBlocks.Count * 2);
        var open = new Stack<(Cidr Block, bool IsException)>();
        foreach (var next in sortedBlocks)
        {
            CloseBefore(next.Block.First);
            changes.Add((next.Block.First, !next.IsException));
            open.Push(next);
        }

        CloseBefore(UInt128.MaxValue);
        return changes;

        void CloseBefore(UInt128 first)
        {
            while (open.TryPeek(out var inner) && inner.Block.Last < first)
            {
                open.Pop();
                changes.Add((inner.Block.Last + 1, open.TryPeek(out var outer) && !outer.IsException));
            }
        }
    }

    private static List<(UInt128 First, UInt128 Last)> RangesOf(List<(UInt128 Start, bool IsIn)> changes)
    {
        var ranges = new List<(UInt128 First, UInt128 Last)>();
        UInt128? opened = null;
        for (var i = 0; i < changes.Count; i++)
        {
            var (start, isIn) = changes[i];
            if (i + 1 < changes.Count && changes[i + 1].Start == start)
            {
                continue;
            }

            if (isIn)
            {
                opened ??= start;
            }
            else if (opened is { } first)
            {
                ranges.Add((first, start - 1));
                opened = null;
            }
        }

        if (opened is { } toTheEnd)
        {
            ranges.Add((toTheEnd, UInt128.MaxValue));
        }

        return ranges;
    }

    private void AddError(string source, int line, string message)
    {
        if (_errors.Count < MaximumErrors)
        {
            _errors.Add(new(source, line, message));
        }
    }

    private sealed record Entry(bool IsException, string Source, int Line);
}
