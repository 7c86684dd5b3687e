namespace Proxy.Node.Settings;

/// <summary>What somebody may have meant who wrote a word that is none.</summary>
internal static class Spelling
{
    private const int MaximumShown = 40;

    /// <summary>The nearest of the words, or all of them where none is near.</summary>
    public static string Hint(string written, IReadOnlyCollection<string> words)
    {
        if (Nearest(written, words) is { } near)
        {
            return $"is '{near}' meant?";
        }

        return words.Count == 0 ? "nothing can be set here" : $"there is {string.Join(", ", words.Distinct().Order(StringComparer.Ordinal))}";
    }

    /// <summary>The word that the fewest slips lead to, if they are few; null: none.</summary>
    public static string? Nearest(string written, IEnumerable<string> words)
    {
        if (written.Length > MaximumShown)
        {
            return null;
        }

        var plain = Plain(written);
        return words
            .Select(word => (Word: word, Distance: Distance(plain, Plain(word))))
            .Where(candidate => candidate.Distance <= Math.Max(1, Math.Min(plain.Length, candidate.Word.Length) / 3))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Word, StringComparer.Ordinal)
            .Select(candidate => candidate.Word)
            .FirstOrDefault();
    }

    public static string Shorten(string text) => text.Length <= MaximumShown ? text : text[..MaximumShown] + "…";

    /// <summary>Letters put in, left out, exchanged for others, or swapped with a neighbour: how many at the least.</summary>
    internal static int Distance(string from, string to)
    {
        var before = new int[to.Length + 1];
        var last = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var row = new int[to.Length + 1];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var exchanged = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                row[j] = Math.Min(exchanged, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                {
                    row[j] = Math.Min(row[j], before[j - 2] + 1);
                }
            }

            (before, last) = (last, row);
        }

        return last[to.Length];
    }

    // halfClose, half_close and half-close are one word to whoever writes them.
    private static string Plain(string word) => string.Concat(word.Where(character => character is not ('-' or '_' or ' '))).ToLowerInvariant();
}
