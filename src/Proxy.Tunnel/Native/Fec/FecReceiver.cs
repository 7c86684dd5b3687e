using System.Buffers;
using System.Buffers.Binary;
using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// Makes lost datagrams out of others and shards. It begins to keep bodies with the first shard, so that a peer that sends none costs nothing,
/// and stops when none has come for long. Whatever a shard says, it costs its own work and nothing else.
/// </summary>
/// <param name="pool">For bodies and shards.</param>
/// <param name="maximumDatagramBytes">Of both ends.</param>
/// <param name="received">Which datagrams arrived.</param>
internal sealed class FecReceiver(ArrayPool<byte> pool, int maximumDatagramBytes, ReceivedNumbers received) : IDisposable
{
    /// <summary>Groups that wait for more shards, or late members, at most.</summary>
    public const int MostGroups = 3;

    // Two groups of the largest: one, and what was sent since.
    private const int Bodies = 2 * ErasureCode.MostMembers;

    // A group that begins so far back has nothing left to mend.
    private const ulong MostDistance = 4096;

    private const int DatagramsUntilForgotten = 4096;

    private readonly BodyRing _ring = new(pool, Bodies, maximumDatagramBytes - IDatagramSeal.OverheadBytes - FecPart.HeaderBytes);
    private readonly List<FecGroup> _open = new(MostGroups);
    private readonly Stack<FecGroup> _free = new(MostGroups + 1);
    private FecGroup? _solved;                    // its members are being given out
    private int _given;
    private int _sinceShard;
    private bool _isUsed;                         // whether a shard came since that was last asked

    /// <summary>Whether bodies are kept.</summary>
    public bool IsKeeping { get; private set; }

    /// <summary>Whether <see cref="TryTake"/> may have something.</summary>
    public bool HasGroups => _open.Count > 0 || _solved is not null;

    /// <summary>Shards that said something impossible.</summary>
    public long Refused { get; private set; }

    /// <summary>Groups that were given up: too much of them was missing.</summary>
    public long NotRecovered { get; private set; }

    public int OpenGroups => _open.Count;

    /// <summary>A datagram arrived.</summary>
    public void Keep(ulong number, ReadOnlySpan<byte> body)
    {
        if (!IsKeeping)
        {
            return;
        }

        if (++_sinceShard > DatagramsUntilForgotten)
        {
            Trim();
            return;
        }

        _ring.Keep(number, body);
    }

    /// <summary>What <see cref="TryTake"/> gave under that number had a place.</summary>
    public void HandlePlaced(ulong number) => _ring.MarkRecovered(number);

    /// <summary>Whether it was made here and had a place, so that its arrival brings nothing new.</summary>
    public bool IsRecovered(ulong number) => IsKeeping && _ring.IsRecovered(number);

    /// <summary>A shard arrived in a datagram of that number.</summary>
    public void HandleShard(ReadOnlySpan<byte> payload, ulong carrier)
    {
        var (first, count, index) = (FecPart.First(payload), FecPart.Count(payload), FecPart.Index(payload));
        var shard = FecPart.Shard(payload);
        if (count > ErasureCode.MostMembers || index >= ErasureCode.MostShards || shard.Length <= FecPart.LengthFieldBytes
            || shard.Length > _ring.MemberBytes || first >= carrier || carrier - first < (ulong)count || carrier - first > MostDistance)
        {
            Refused++;
            return;
        }

        IsKeeping = true;
        _sinceShard = 0;
        _isUsed = true;
        var group = Find(first, count);
        if (group is null)
        {
            if (!IsAnythingMissing(first, count))
            {
                return;
            }

            group = Open(first, count, shard.Length);
        }

        Refused += group.TryAdd(index, shard) ? 0 : 1;
    }

    /// <summary>
    /// The next datagram that was made out of others; call until false. What it gives is valid until then, and counts as kept: say
    /// <see cref="Keep"/> for none of it.
    /// </summary>
    public bool TryTake(out ulong number, out ReadOnlySpan<byte> body)
    {
        while (_solved is not null || TrySolve())
        {
            if (_given == _solved!.MissingCount)
            {
                _free.Push(_solved);
                _solved = null;
                continue;
            }

            number = _solved.Missing(_given);
            var member = _solved.Member(_given++);
            if (TryReadMember(member, out body))
            {
                _ring.Keep(number, body);
                return true;
            }
        }

        number = 0;
        body = default;
        return false;
    }

    /// <summary>Trims when no shard came since it was called last.</summary>
    public void TrimIfUnused()
    {
        if (!_isUsed)
        {
            Trim();
        }

        _isUsed = false;
    }

    /// <summary>Forgets everything and gives the memory back until it is needed again.</summary>
    public void Trim()
    {
        IsKeeping = false;
        while (_open.Count > 0)
        {
            Close(0, isRecovered: false);
        }

        if (_solved is not null)
        {
            _free.Push(_solved);
            _solved = null;
        }

        while (_free.TryPop(out var group))
        {
            group.Dispose();
        }

        _ring.Dispose();
    }

    public void Dispose() => Trim();

    private FecGroup? Find(ulong first, int count)
    {
        foreach (var group in _open)
        {
            if (group.First == first && group.Count == count)
            {
                return group;
            }
        }

        return null;
    }

    private FecGroup Open(ulong first, int count, int shardBytes)
    {
        if (_open.Count == MostGroups)
        {
            Close(0, isRecovered: false);
        }

        var group = _free.Count > 0 ? _free.Pop() : new FecGroup(pool, _ring.MemberBytes);
        group.Start(first, count, shardBytes);
        _open.Add(group);
        return group;
    }

    private void Close(int index, bool isRecovered)
    {
        NotRecovered += isRecovered ? 0 : 1;
        _free.Push(_open[index]);
        _open.RemoveAt(index);
    }

    private bool IsAnythingMissing(ulong first, int count)
    {
        for (var number = first; number < first + (ulong)count; number++)
        {
            if (!_ring.Contains(number) && !received.Contains(number))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Looks through the open groups for one that can be mended, and mends it.</summary>
    private bool TrySolve()
    {
        for (var index = 0; index < _open.Count; index++)
        {
            var group = _open[index];
            switch (group.Look(_ring, received))
            {
                case FecGroupState.Whole:
                    Close(index--, isRecovered: true);
                    break;
                case FecGroupState.Hopeless:
                    Close(index--, isRecovered: false);
                    break;
                case FecGroupState.Solvable:
                    group.Solve(_ring);
                    _open.RemoveAt(index);
                    (_solved, _given) = (group, 0);
                    return true;
            }
        }

        return false;
    }

    /// <summary>A member that fits what it says of itself; one without bytes was not covered.</summary>
    private bool TryReadMember(ReadOnlySpan<byte> member, out ReadOnlySpan<byte> body)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(member);
        member = member[FecPart.LengthFieldBytes..];
        if (length > member.Length || member[length..].ContainsAnyExcept((byte)0))
        {
            Refused++;
            body = default;
            return false;
        }

        body = member[..length];
        return length > 0;
    }
}
