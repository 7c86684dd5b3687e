using Proxy.Policy.Filters;

namespace Samples;

/// <summary>Makes small letters (a to z) capital ones, towards the upstream, the client, or both, and counts them.</summary>
public sealed class UppercaseFactory : IStreamFilterFactory, IFilterCounters
{
    private long _letters;

    public UppercaseFactory()
        : this("both")
    {
    }

    /// <summary>With <c>argument=up</c>, <c>down</c> or <c>both</c>. What is thrown here stops the program at its start.</summary>
    public UppercaseFactory(string direction)
    {
        Directions = direction switch
        {
            "up" => FilterDirections.ToUpstream,
            "down" => FilterDirections.ToClient,
            "both" => FilterDirections.Both,
            _ => throw new ArgumentException($"up, down or both is expected, not '{direction}'", nameof(direction)),
        };
    }

    public string Name => "uppercase";

    public FilterDirections Directions { get; }

    /// <summary>One filter for each connection; they run on several threads, so what they share is counted with care.</summary>
    public IStreamFilter Create(FilterConnection connection) => new UppercaseFilter(this);

    public IReadOnlyList<FilterCount> Counts() => [new FilterCount("letters", Interlocked.Read(ref _letters))];

    private sealed class UppercaseFilter(UppercaseFactory factory) : IStreamFilter
    {
        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds)
        {
            // The input is not ours to change, so it is copied in pieces; all of it is written, so nothing is held back.
            Span<byte> piece = stackalloc byte[1024];
            for (var rest = input; !rest.IsEmpty;)
            {
                var count = Math.Min(rest.Length, piece.Length);
                rest[..count].CopyTo(piece);
                Interlocked.Add(ref factory._letters, Capitalize(piece[..count]));
                output.Write(piece[..count]);
                rest = rest[count..];
            }
        }

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds)
        {
            // Nothing is ever held back, so there is nothing left to say.
        }

        private static int Capitalize(Span<byte> text)
        {
            var changed = 0;
            foreach (ref var value in text)
            {
                if (value is >= (byte)'a' and <= (byte)'z')
                {
                    value -= 'a' - 'A';
                    changed++;
                }
            }

            return changed;
        }
    }
}
