namespace Proxy.Policy.Filters;

/// <summary>So many bytes per second on average, so many at once; both at least 1 and at most <see cref="MaxBytes"/>.</summary>
public sealed record ThrottleRate
{
    /// <summary>A terabyte (per second): above any network, and a bucket of it counts in 64 bits.</summary>
    public const long MaxBytes = 1_000_000_000_000;

    public ThrottleRate(long bytesPerSecond, long burstBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSecond, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytesPerSecond, MaxBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(burstBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(burstBytes, MaxBytes);
        (BytesPerSecond, BurstBytes) = (bytesPerSecond, burstBytes);
    }

    public long BytesPerSecond { get; }

    public long BurstBytes { get; }
}

/// <summary>
/// Slows each direction of each connection down to a rate, with a token bucket that is full at the start: up to any moment, no more than the
/// burst and the rate's share of the time has passed.
/// </summary>
/// <param name="toUpstream">Null for no limit.</param>
/// <param name="toClient">Null for no limit.</param>
public sealed class ThrottleFilterFactory(ThrottleRate? toUpstream, ThrottleRate? toClient) : IStreamFilterFactory
{
    public string Name => "throttle";

    public FilterDirections Directions { get; } =
        (toUpstream is null ? FilterDirections.None : FilterDirections.ToUpstream)
        | (toClient is null ? FilterDirections.None : FilterDirections.ToClient);

    public IStreamFilter Create(FilterConnection connection) => new ThrottleFilter([Fill(toUpstream), Fill(toClient)]);

    private static Bucket? Fill(ThrottleRate? rate) => rate is null ? null : new Bucket(rate);

    private sealed class ThrottleFilter(Bucket?[] buckets) : IStreamFilter
    {
        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds)
        {
            var bucket = buckets[(int)direction]!;
            var passedBytes = bucket.Take(input.Length, nowMicroseconds);
            output.Write(input[..passedBytes]);
            if (passedBytes < input.Length)
            {
                output.HoldBack(input.Length - passedBytes);
                output.CallAt(nowMicroseconds + bucket.WaitMicroseconds(input.Length - passedBytes));
            }
        }

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds) =>
            Process(direction, rest, output, nowMicroseconds);
    }

    /// <summary>Counts in millionths of a byte: at this rate, so many come per microsecond.</summary>
    private sealed class Bucket(ThrottleRate rate)
    {
        private const long PerByte = 1_000_000;

        private long _content = rate.BurstBytes * PerByte;
        private long? _lastMicroseconds;

        public int Take(int wantedBytes, long nowMicroseconds)
        {
            // No longer than it takes to fill, so that the product stays small.
            var missing = (rate.BurstBytes * PerByte) - _content;
            var elapsed = Math.Min(nowMicroseconds - (_lastMicroseconds ?? nowMicroseconds), (missing / rate.BytesPerSecond) + 1);
            _content += Math.Min(elapsed * rate.BytesPerSecond, missing);
            _lastMicroseconds = nowMicroseconds;

            var takenBytes = (int)Math.Min(wantedBytes, _content / PerByte);
            _content -= takenBytes * PerByte;
            return takenBytes;
        }

        /// <summary>Until half the burst is there, or all that is wanted: not to wake for every byte.</summary>
        public long WaitMicroseconds(int wantedBytes)
        {
            var missing = (Math.Min(wantedBytes, Math.Max(1, rate.BurstBytes / 2)) * PerByte) - _content;
            return (missing + rate.BytesPerSecond - 1) / rate.BytesPerSecond;
        }
    }
}
