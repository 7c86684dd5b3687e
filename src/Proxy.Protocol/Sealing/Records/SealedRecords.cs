using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Records;

/// <summary>
/// A tunnel's bytes on an ordered stream: records sealed with the keys of its handshake. The stream keeps the order, so numbers are counted
/// and not sent, nothing can come twice, and both ends take their next keys after the same record. One record that does not open ends it.
/// Sealing and opening work in place and allocate nothing. Not thread-safe.
/// <code>
/// | length of body and tag (16 bits) | body | tag (16 bytes) |
/// </code>
/// </summary>
public sealed class SealedRecords : IDisposable
{
    public const int HeaderBytes = 2;

    public const int TagBytes = Aead.TagBytes;

    /// <summary>A record's body; who receives has to hold a whole record before any of it counts.</summary>
    public const int MaximumBodyBytes = 16 * 1024;

    /// <summary>The longest record.</summary>
    public const int MaximumBytes = HeaderBytes + MaximumBodyBytes + TagBytes;

    private readonly Direction _sending;
    private readonly Direction _receiving;

    internal SealedRecords(PhaseKeys sending, PhaseKeys receiving, long recordsPerKey)
    {
        _sending = new Direction(sending, recordsPerKey);
        _receiving = new Direction(receiving, recordsPerKey);
    }

    /// <summary>Whether a record did not open. Nothing is opened any more; the stream is to be ended.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Whether a record opened: the peer has the keys.</summary>
    public bool IsConfirmed => _receiving.Number > 0;

    /// <summary>Seals the body that lies behind 2 free bytes in <paramref name="record"/>; 16 more behind it are written.</summary>
    /// <returns>The record's length; to be sent as it is, after all earlier ones.</returns>
    public int Seal(Span<byte> record, int bodyBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bodyBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bodyBytes, Math.Min(MaximumBodyBytes, record.Length - HeaderBytes - TagBytes));
        var length = HeaderBytes + bodyBytes + TagBytes;
        BinaryPrimitives.WriteUInt16BigEndian(record, (ushort)(bodyBytes + TagBytes));
        _sending.Take().Seal(record[..length], HeaderBytes, _sending.Number++);
        return length;
    }

    /// <summary>Opens, in place, the record that <paramref name="source"/> starts with.</summary>
    /// <param name="body">Where the plain body is in <paramref name="source"/>, when done.</param>
    /// <param name="consumedBytes">The record's length, when done; else 0.</param>
    /// <returns>Malformed once a record did not open or can not be one, and from then on always.</returns>
    public ReadStatus Open(Span<byte> source, out Range body, out int consumedBytes)
    {
        body = default;
        consumedBytes = 0;
        if (IsBroken)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < HeaderBytes)
        {
            return ReadStatus.NeedMore;
        }

        var length = HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(source);
        if (length is < HeaderBytes + TagBytes or > MaximumBytes)
        {
            IsBroken = true;
            return ReadStatus.Malformed;
        }

        if (source.Length < length)
        {
            return ReadStatus.NeedMore;
        }

        if (!_receiving.Take().TryOpen(source[..length], HeaderBytes, _receiving.Number))
        {
            IsBroken = true;
            return ReadStatus.Malformed;
        }

        _receiving.Number++;
        body = HeaderBytes..(length - TagBytes);
        consumedBytes = length;
        return ReadStatus.Done;
    }

    /// <summary>Wipes the keys.</summary>
    public void Dispose()
    {
        _sending.Dispose();
        _receiving.Dispose();
    }

    private sealed class Direction(PhaseKeys first, long recordsPerKey) : IDisposable
    {
        private PhaseKeys _keys = first;
        private long _phase;

        public ulong Number { get; set; }

        /// <summary>The keys of the record that has the present number.</summary>
        public PhaseKeys Take()
        {
            if ((long)Number / recordsPerKey > _phase)
            {
                var old = _keys;
                _keys = old.Next();
                old.Dispose();
                _phase++;
            }

            return _keys;
        }

        public void Dispose() => _keys.Dispose();
    }
}
