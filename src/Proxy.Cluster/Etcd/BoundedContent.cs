namespace Proxy.Cluster.Etcd;

/// <summary>Reads a body of an endpoint that may be anybody: whole, or line by line, and never more than a limit.</summary>
internal static class BoundedContent
{
    /// <summary>The whole body; null where it is longer.</summary>
    public static async Task<byte[]?> ReadAsync(HttpContent content, int maximumBytes, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > maximumBytes)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var all = new MemoryStream();
        var buffer = new byte[BlockBytes];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
        {
            if (all.Length + read > maximumBytes)
            {
                return null;
            }

            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    public const int BlockBytes = 16 << 10;
}

/// <summary>Lines of an endless body.</summary>
internal sealed class LineReader(Stream stream, int maximumBytes)
{
    private byte[] _buffer = new byte[Math.Min(BoundedContent.BlockBytes, maximumBytes)];
    private int _start;
    private int _end;

    /// <summary>Whether the body went on without an end of line beyond the limit.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The next line that is not empty, valid until the next call; null at the end, or where a line is too long.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        var looked = 0;
        while (true)
        {
            var index = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (index >= 0)
            {
                var line = _buffer.AsMemory(_start, looked + index);
                _start += looked + index + 1;
                looked = 0;
                if (line.Length > 0)
                {
                    return line;
                }

                continue;
            }

            looked = _end - _start;
            if (!MakeRoom())
            {
                IsTooLong = true;
                return null;
            }

            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    private bool MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end < _buffer.Length)
        {
            return true;
        }

        if (_buffer.Length >= maximumBytes)
        {
            return false;
        }

        Array.Resize(ref _buffer, Math.Min(maximumBytes, _buffer.Length * 2));
        return true;
    }
}
