using System.Buffers;

namespace Proxy.Policy.Filters;

/// <summary>
/// Replaces patterns as if the whole stream lay there at once: from its front on, wherever a pattern begins, it is replaced and the search goes
/// on behind it; of several that begin at one place the one that is listed first. Replaced bytes are not searched again.
/// </summary>
public sealed class ReplaceFilterFactory : IStreamFilterFactory
{
    private readonly Replacement[] _replacements;
    private readonly SearchValues<byte> _firstBytes;

    public ReplaceFilterFactory(IReadOnlyList<Replacement> replacements, FilterDirections directions)
    {
        ArgumentNullException.ThrowIfNull(replacements);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(replacements.Count, FilterLimits.Patterns, nameof(replacements));
        foreach (var replacement in replacements)
        {
            ArgumentOutOfRangeException.ThrowIfZero(replacement.Pattern.Length, nameof(replacements));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(replacement.Pattern.Length, FilterLimits.PatternBytes, nameof(replacements));
        }

        _replacements = [.. replacements];
        _firstBytes = SearchValues.Create([.. replacements.Select(replacement => replacement.Pattern.Span[0])]);
        Directions = directions;
    }

    public string Name => "replace";

    public FilterDirections Directions { get; }

    public IStreamFilter Create(FilterConnection connection) => new ReplaceFilter(this);

    /// <summary>It knows nothing between two calls: what may still become a pattern is held back.</summary>
    private sealed class ReplaceFilter(ReplaceFilterFactory factory) : IStreamFilter
    {
        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds) =>
            output.HoldBack(Replace(input, output, isWhole: false).Length);

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds) =>
            Replace(rest, output, isWhole: true);

        /// <summary>Writes the input as far as it can be judged, replaced where it is to be.</summary>
        /// <param name="isWhole">Whether nothing follows the input.</param>
        /// <returns>The end of the input that can only be judged with what follows.</returns>
        private ReadOnlySpan<byte> Replace(ReadOnlySpan<byte> input, IFilterOutput output, bool isWhole)
        {
            // Up to here the input is known to stay as it is.
            var position = 0;
            while (input[position..].IndexOfAny(factory._firstBytes) is >= 0 and var offset)
            {
                position += offset;
                if (!TryJudge(input[position..], isWhole, out var replacement))
                {
                    output.Write(input[..position]);
                    return input[position..];
                }

                if (replacement is null)
                {
                    position++;
                    continue;
                }

                output.Write(input[..position]);
                output.Write(replacement.With.Span);
                input = input[(position + replacement.Pattern.Length)..];
                position = 0;
            }

            output.Write(input);
            return [];
        }

        /// <summary>Which pattern the text begins with, null for none; false when what follows decides.</summary>
        private bool TryJudge(ReadOnlySpan<byte> text, bool isWhole, out Replacement? replacement)
        {
            foreach (var candidate in factory._replacements)
            {
                var pattern = candidate.Pattern.Span;
                replacement = candidate;
                if (text.StartsWith(pattern))
                {
                    return true;
                }

                if (!isWhole && text.Length < pattern.Length && pattern.StartsWith(text))
                {
                    return false;
                }
            }

            replacement = null;
            return true;
        }
    }
}
