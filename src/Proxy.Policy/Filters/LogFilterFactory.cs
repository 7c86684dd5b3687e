namespace Proxy.Policy.Filters;

/// <summary>How bytes are shown in a log.</summary>
public enum FilterLogFormat
{
    /// <summary>16 bytes a line, as numbers and as characters.</summary>
    Hex,

    /// <summary>A line of text a line, with escapes for what is not printable ASCII: \r \n \t \\ and \x1b.</summary>
    Text,
}

/// <summary>
/// Writes the bytes that pass into a log of each connection. A line begins with the direction (&gt; to the upstream, &lt; to the client) and
/// with how many bytes of that direction came before it, in hex. Lines end where a call's bytes end, so that the log keeps up.
/// </summary>
/// <param name="maxBytes">Of each connection, both directions together, are logged; a last line says when that is reached.</param>
/// <param name="open">Opens the log of a connection; what it throws ends the connection.</param>
public sealed class LogFilterFactory(
    FilterLogFormat format, FilterDirections directions, long maxBytes, Func<FilterConnection, IFilterLog> open) : IStreamFilterFactory
{
    public string Name => "log";

    public FilterDirections Directions => directions;

    public IStreamFilter Create(FilterConnection connection) => new LogFilter(format, maxBytes, open(connection));

    private sealed class LogFilter(FilterLogFormat format, long maxBytes, IFilterLog log) : IStreamFilter, IDisposable
    {
        private readonly long[] _offsetBytes = new long[2];
        private long _leftBytes = maxBytes;
        private bool _isFull;

        public void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds)
        {
            Log(direction, input[..(int)Math.Min(input.Length, _leftBytes)], nowMicroseconds);
            if (input.Length > _leftBytes && !_isFull)
            {
                _isFull = true;
                log.WriteLine(nowMicroseconds, "No more of this connection is logged.");
            }

            _leftBytes -= Math.Min(input.Length, _leftBytes);
            output.Write(input);
        }

        public void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds)
        {
            // Nothing is ever held back.
        }

        public void Dispose() => log.Dispose();

        private void Log(FilterDirection direction, ReadOnlySpan<byte> bytes, long nowMicroseconds)
        {
            Span<char> line = stackalloc char[FilterLogLine.MaxCharacters];
            ref var offset = ref _offsetBytes[(int)direction];
            while (!bytes.IsEmpty)
            {
                var count = format == FilterLogFormat.Hex ? Math.Min(bytes.Length, FilterLogLine.HexBytes) : FilterLogLine.TextBytesIn(bytes);
                var characters = format == FilterLogFormat.Hex
                    ? FilterLogLine.FormatHex(line, direction, offset, bytes[..count])
                    : FilterLogLine.FormatText(line, direction, offset, bytes[..count]);
                log.WriteLine(nowMicroseconds, line[..characters]);
                offset += count;
                bytes = bytes[count..];
            }
        }
    }
}
