using System.Text;

namespace Proxy.Policy.Health;

/// <summary>The beginning of what a server answered, up to a bound; the rest is dropped. Grows with what arrives, not to the bound at once.</summary>
internal sealed class BoundedAnswer
{
    private readonly int _maximumBytes;
    private byte[] _buffer = [];
    private int _length;

    public BoundedAnswer(int maximumBytes)
    {
        _maximumBytes = maximumBytes;
    }

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    public bool IsFull => _length == _maximumBytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var taken = bytes[..Math.Min(bytes.Length, _maximumBytes - _length)];
        if (_length + taken.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(_maximumBytes, Math.Max(_length + taken.Length, 2 * _buffer.Length)));
        }

        taken.CopyTo(_buffer.AsSpan(_length));
        _length += taken.Length;
    }

    /// <summary>
    /// The first bytes for a log line: in quotes, what is not printable ASCII as a dot. A server's bytes never reach a terminal as they are.
    /// </summary>
    public string Excerpt()
    {
        var text = new StringBuilder("\"");
        foreach (var value in Bytes[..Math.Min(_length, ExcerptBytes)])
        {
            text.Append(value is >= 0x20 and < 0x7f and not (byte)'"' ? (char)value : '.');
        }

        return text.Append(_length > ExcerptBytes ? "\"…" : "\"").ToString();
    }

    private const int ExcerptBytes = 48;
}
