using System.Buffers;
using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// Makes shards of what is sent. A group is the datagrams of consecutive numbers since the last shard; shards are made when it ends, so the
/// group may reach as far back as is best then. Microseconds.
/// </summary>
internal sealed class FecSender : IDisposable
{
    /// <summary>What datagrams must be shorter by for a shard over them to fit into one of full size.</summary>
    public const int ReservedBytes = FecPart.HeaderBytes + FecPart.LengthFieldBytes;

    private const long NotWorth = -1;

    // One in so many members may be longer than its shards.
    private const int MostLeftOut = 8;

    private readonly FecPolicy _policy;
    private readonly BodyRing _ring;
    private readonly long[] _sentMicroseconds = new long[ErasureCode.MostMembers]; // or NotWorth
    private ulong _first;              // of the group
    private ulong _next;               // one above its last; no group when they are the same
    private int _worth;                // members that are worth it
    private int _shards;               // of the group that has ended
    private int _shardsWritten;
    private int _shardBytes;
    private long _decidedMicroseconds;

    public FecSender(FecPolicy policy, ArrayPool<byte> pool, int maximumDatagramBytes)
    {
        _policy = policy;
        _ring = new BodyRing(pool, ErasureCode.MostMembers, maximumDatagramBytes - IDatagramSeal.OverheadBytes - FecPart.HeaderBytes);
    }

    /// <summary>Whether datagrams leave room for a shard over them.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Whether a group has ended and not all its shards are written.</summary>
    public bool HasShards => _shardsWritten < _shards;

    /// <summary>Whether the group ends before anything else is sent.</summary>
    public bool IsGroupFull => _worth >= _policy.MostMembers;

    /// <summary>Of a datagram with a shard of the group that has ended.</summary>
    public int ShardDatagramBytes => IDatagramSeal.OverheadBytes + FecPart.HeaderBytes + _shardBytes;

    /// <summary>Whether to go on, as time has passed.</summary>
    public void Update(long roundTripMicroseconds, long nowMicroseconds)
    {
        IsOn = _policy.IsOn(roundTripMicroseconds, nowMicroseconds);
        if (!IsOn && _next != _first)
        {
            EndGroup();
        }
    }

    /// <summary>A datagram is about to be sent. What goes out between the shards of a group belongs to none.</summary>
    public void Keep(ulong number, ReadOnlySpan<byte> body, long sentMicroseconds, bool isWorth)
    {
        if (!IsOn || HasShards)
        {
            return;
        }

        if (number != _next)
        {
            EndGroup();
            _first = _next = number;
        }

        if (_first == _next && !isWorth)
        {
            // A group begins with something that is worth it.
            _first = _next = number + 1;
            return;
        }

        if (_next - _first == ErasureCode.MostMembers)
        {
            DropFirst();
        }

        _ring.Keep(number, body);
        SentAt(number) = isWorth ? sentMicroseconds : NotWorth;
        _worth += isWorth ? 1 : 0;
        _next = number + 1;
    }

    /// <summary>Ends the group with shards if that is best now.</summary>
    /// <param name="isTail">Whether nothing waits to be sent.</param>
    /// <param name="datagramBytes">At most, shards included.</param>
    /// <param name="roundTripMicroseconds">Smoothed.</param>
    /// <param name="nowMicroseconds">The present.</param>
    public void Decide(bool isTail, int datagramBytes, long roundTripMicroseconds, long nowMicroseconds)
    {
        _decidedMicroseconds = nowMicroseconds;
        if (HasShards)
        {
            return;
        }

        // Older ones are known to be lost, or not to be.
        var before = nowMicroseconds - (roundTripMicroseconds * 9 / 8);
        while (_worth > 0 && _policy.IsFrugal && SentAt(_first) < before)
        {
            DropFirst();
        }

        if (_worth == 0
            || !_policy.MayEnd(_worth, IsSpanFull, isTail, nowMicroseconds - SentAt(_first), roundTripMicroseconds))
        {
            return;
        }

        _shardBytes = ChooseShardBytes(datagramBytes - IDatagramSeal.OverheadBytes - FecPart.HeaderBytes);
        if (_shardBytes == 0)
        {
            return;
        }

        _shardsWritten = 0;
        _shards = _policy.ShardsFor(_worth, ShardDatagramBytes, out var mostMembers);
        while (_shards > 0 && _worth > mostMembers)
        {
            // The oldest would wait the least.
            DropFirst();
        }
    }

    /// <summary>When the group ends if nothing more is sent; <see cref="long.MaxValue"/>: never.</summary>
    public long DueMicroseconds(long roundTripMicroseconds)
    {
        if (_worth == 0 || HasShards)
        {
            return long.MaxValue;
        }

        var due = SentAt(_first) + _policy.TailWaitMicroseconds(roundTripMicroseconds);
        return due > _decidedMicroseconds ? due : long.MaxValue;
    }

    /// <summary>Writes a part with the next shard and gives its length. Only while <see cref="HasShards"/>.</summary>
    public int WriteShard(Span<byte> body)
    {
        var count = (int)(_next - _first);
        FecPart.WriteHeader(body, _first, count, _shardsWritten, _shardBytes);
        var shard = body.Slice(FecPart.HeaderBytes, _shardBytes);
        shard.Clear();
        for (var member = 0; member < count; member++)
        {
            ErasureCode.Add(_shardsWritten, member, _ring.Member(_first + (ulong)member, _shardBytes), shard);
        }

        _shardsWritten++;
        _policy.HandleShardSent(ShardDatagramBytes);
        if (!HasShards)
        {
            EndGroup();
        }

        return FecPart.HeaderBytes + _shardBytes;
    }

    /// <summary>Gives its memory back until it is needed again.</summary>
    public void Trim()
    {
        EndGroup();
        _ring.Dispose();
    }

    public void Dispose() => _ring.Dispose();

    private bool IsSpanFull => _next - _first == ErasureCode.MostMembers;

    /// <summary>
    /// How long shards are: as the longest member that fits; or as one of the next longest where that covers more for its bytes, as longer ones
    /// are not covered. 0 when none fits.
    /// </summary>
    private int ChooseShardBytes(int mostBytes)
    {
        Span<int> lengths = stackalloc int[ErasureCode.MostMembers];
        var count = 0;
        for (var number = _first; number != _next; number++)
        {
            var member = FecPart.LengthFieldBytes + _ring.BodyBytes(number);
            if (SentAt(number) != NotWorth && member <= mostBytes)
            {
                lengths[count++] = member;
            }
        }

        lengths = lengths[..count];
        lengths.Sort();
        var (best, bestGain) = (0, 0.0);
        for (var index = Math.Max(0, count - 1 - (_policy.IsFrugal ? count / MostLeftOut : 0)); index < count; index++)
        {
            var gain = (index + 1.0) / (lengths[index] + IDatagramSeal.OverheadBytes + FecPart.HeaderBytes);
            (best, bestGain) = gain >= bestGain ? (lengths[index], gain) : (best, bestGain);
        }

        return best;
    }

    private void EndGroup()
    {
        _first = _next;
        _worth = _shards = _shardsWritten = 0;
    }

    /// <summary>And what follows it and is not worth it.</summary>
    private void DropFirst()
    {
        do
        {
            _worth -= SentAt(_first) != NotWorth ? 1 : 0;
            _first++;
        }
        while (_first != _next && SentAt(_first) == NotWorth);
    }

    private ref long SentAt(ulong number) => ref _sentMicroseconds[(int)(number % ErasureCode.MostMembers)];
}
