namespace Proxy.Protocol.Http;

/// <summary>Finds where a body ends in a stream of bytes that is passed on as it is. Keeps a few numbers and no bytes. For one body; not thread-safe.</summary>
public sealed class HttpBodyReader
{
    private readonly HttpBodyKind _kind;
    private long _left;
    private int _lineBytes;
    private bool _isLineBegun;
    private bool _isReturnSeen;
    private Part _part = Part.Size;

    public HttpBodyReader(HttpBody body)
    {
        _kind = body.Kind;
        _left = body.LengthBytes;
        IsComplete = body.Kind is HttpBodyKind.None || (body.Kind is HttpBodyKind.Length && body.LengthBytes == 0);
    }

    private enum Part
    {
        /// <summary>Hexadecimal digits.</summary>
        Size,

        /// <summary>What may follow the size on its line.</summary>
        Extension,

        Data,

        /// <summary>CR LF after the data.</summary>
        DataEnd,

        /// <summary>Fields after the last chunk, up to an empty line.</summary>
        Trailer,
    }

    /// <summary>Whether all of it has passed. A body of kind <see cref="HttpBodyKind.UntilClose"/> never says so.</summary>
    public bool IsComplete { get; private set; }

    public HttpRule BrokenRule { get; private set; }

    /// <summary>How many of these bytes belong to the body. Fewer than there are: it is complete, or <see cref="BrokenRule"/> says what is wrong.</summary>
    public int Take(ReadOnlySpan<byte> bytes)
    {
        switch (_kind)
        {
            case HttpBodyKind.UntilClose:
                return bytes.Length;
            case HttpBodyKind.Length:
                var count = (int)Math.Min(_left, bytes.Length);
                _left -= count;
                IsComplete = _left == 0;
                return count;
            case HttpBodyKind.Chunked:
                return TakeChunked(bytes);
            default:
                return 0;
        }
    }

    private int TakeChunked(ReadOnlySpan<byte> bytes)
    {
        var position = 0;
        while (position < bytes.Length && !IsComplete && BrokenRule == HttpRule.None)
        {
            if (_part == Part.Data)
            {
                var count = (int)Math.Min(_left, bytes.Length - position);
                position += count;
                _left -= count;
                if (_left == 0)
                {
                    (_part, _isReturnSeen) = (Part.DataEnd, false);
                }

                continue;
            }

            TakeByte(bytes[position]);
            position++;
        }

        return position;
    }

    private void TakeByte(byte value)
    {
        if (++_lineBytes > MaxLineBytes)
        {
            BrokenRule = HttpRule.BadChunk;
            return;
        }

        switch (_part)
        {
            case Part.Size when HexValue(value) is >= 0 and var digit:
                _isLineBegun = true;
                _left = (_left << 4) | (uint)digit;
                BrokenRule = _left > LargestChunkBytes ? HttpRule.BadChunk : HttpRule.None;
                break;
            case Part.Size when _isLineBegun && value is (byte)';' or (byte)' ' or (byte)'\t':
                _part = Part.Extension;
                break;
            case Part.Size when _isLineBegun && value == '\r' && !_isReturnSeen:
            case Part.Extension when value == '\r' && !_isReturnSeen:
            case Part.DataEnd when value == '\r' && !_isReturnSeen:
            case Part.Trailer when value == '\r' && !_isReturnSeen:
                _isReturnSeen = true;
                break;
            case Part.Size or Part.Extension when _isReturnSeen && value == '\n':
                BeginLine(_left == 0 ? Part.Trailer : Part.Data);
                break;
            case Part.DataEnd when _isReturnSeen && value == '\n':
                BeginLine(Part.Size);
                break;
            case Part.Trailer when _isReturnSeen && value == '\n':
                IsComplete = !_isLineBegun;
                BeginLine(Part.Trailer);
                break;
            case Part.Extension or Part.Trailer when !_isReturnSeen && value is >= 0x20 or (byte)'\t':
                _isLineBegun = true;
                break;
            default:
                BrokenRule = HttpRule.BadChunk;
                break;
        }
    }

    private void BeginLine(Part part)
    {
        // What is counted is a line, and the trailer as a whole.
        (_part, _isLineBegun, _isReturnSeen) = (part, false, false);
        _lineBytes = part == Part.Trailer ? _lineBytes : 0;
    }

    private static int HexValue(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };

    // A line of a chunk is 18 bytes; extensions are used by nobody. Trailers are fields of a head.
    private const int MaxLineBytes = 4096;
    private const long LargestChunkBytes = 1L << 48;
}
