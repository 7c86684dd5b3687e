namespace Proxy.Policy.Filters;

/// <summary>
/// Ends a connection after a number of bytes or a time. Exactly <paramref name="maxBytes"/> pass in each direction; the next one cuts.
/// </summary>
/// <param name="maxBytes">In each direction for itself; null for any number.</param>
/// <param name="maxMicroseconds">From the connection's start; null for any time.</param>
public sealed class CutFilterFactory(long? maxBytes, long? maxMicroseconds) : IStreamFilterFactory
{
    public const string BytesReason = "The limit of bytes is reached.";
    public const string TimeReason = "The limit of time is reached.";

    public string Name => "cut";

    public FilterDirections Directions => FilterDirections.Both;

    public IStreamFilter Create(FilterConnection connection) => new CutFilter(maxBytes ?? long.MaxValue, maxMicroseconds);

    private sealed class CutFilter(long maxBytes, long? maxMicroseconds) : IStreamFilter
    {
        private readonly long[] _leftBytes = [maxBytes, maxBytes];
        private long? _endMicroseconds;

        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds)
        {
            _endMicroseconds ??= nowMicroseconds + maxMicroseconds;
            if (nowMicroseconds >= _endMicroseconds)
            {
                output.Cut(TimeReason);
                return;
            }

            ref var leftBytes = ref _leftBytes[(int)direction];
            var passedBytes = (int)Math.Min(input.Length, leftBytes);
            leftBytes -= passedBytes;
            output.Write(input[..passedBytes]);
            if (passedBytes < input.Length)
            {
                output.Cut(BytesReason);
            }

            if (_endMicroseconds is { } end)
            {
                output.CallAt(end);
            }
        }

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds)
        {
            // Nothing is ever held back; the other direction still knows the time.
        }
    }
}
