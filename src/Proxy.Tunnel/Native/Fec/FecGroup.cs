using System.Buffers;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>What can be done about a group.</summary>
internal enum FecGroupState
{
    /// <summary>More is missing than there are shards, so far.</summary>
    Waiting,

    /// <summary>Nothing is missing.</summary>
    Whole,

    /// <summary>As many shards as members are missing.</summary>
    Solvable,

    /// <summary>Members that arrived are not kept any more, or more are missing than there can be shards.</summary>
    Hopeless,
}

/// <summary>Shards of one group that arrived, until its missing members are made of them. Used again for others.</summary>
/// <param name="pool">For the shards.</param>
/// <param name="strideBytes">A shard at most.</param>
internal sealed class FecGroup(ArrayPool<byte> pool, int strideBytes) : IDisposable
{
    private readonly byte[] _bytes = pool.Rent(ErasureCode.MostShards * strideBytes);
    private readonly byte[] _indices = new byte[ErasureCode.MostShards];
    private readonly byte[] _missing = new byte[ErasureCode.MostShards];
    private int _shardBytes;
    private int _shards;

    /// <summary>The number of the first member.</summary>
    public ulong First { get; private set; }

    /// <summary>How many members there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many of them were missing when they were last looked for.</summary>
    public int MissingCount { get; private set; }

    public void Start(ulong first, int count, int shardBytes)
    {
        (First, Count, _shardBytes, _shards, MissingCount) = (first, count, shardBytes, 0, 0);
    }

    /// <summary>Takes a shard; one that is there already changes nothing. False when it does not belong to the others.</summary>
    public bool TryAdd(int index, ReadOnlySpan<byte> shard)
    {
        if (shard.Length != _shardBytes)
        {
            return false;
        }

        if (!_indices.AsSpan(0, _shards).Contains((byte)index))
        {
            shard.CopyTo(Row(_shards));
            _indices[_shards++] = (byte)index;
        }

        return true;
    }

    /// <summary>Looks for the members, and notes which are missing.</summary>
    public FecGroupState Look(BodyRing ring, ReceivedNumbers received)
    {
        MissingCount = 0;
        for (var member = 0; member < Count; member++)
        {
            var number = First + (ulong)member;
            if (ring.Contains(number))
            {
                continue;
            }

            if (received.Contains(number) || MissingCount == ErasureCode.MostShards)
            {
                return FecGroupState.Hopeless;
            }

            _missing[MissingCount++] = (byte)member;
        }

        return MissingCount == 0 ? FecGroupState.Whole : MissingCount <= _shards ? FecGroupState.Solvable : FecGroupState.Waiting;
    }

    /// <summary>Makes the missing members, in the place of the shards. Right after <see cref="Look"/>.</summary>
    public void Solve(BodyRing ring)
    {
        for (var member = 0; member < Count; member++)
        {
            if (!ring.Contains(First + (ulong)member))
            {
                continue;
            }

            var bytes = ring.Member(First + (ulong)member, _shardBytes);
            for (var row = 0; row < MissingCount; row++)
            {
                ErasureCode.Add(_indices[row], member, bytes, Row(row));
            }
        }

        ErasureCode.Solve(_indices.AsSpan(0, MissingCount), _missing.AsSpan(0, MissingCount), _bytes, strideBytes, _shardBytes);
    }

    /// <summary>The number of a missing member.</summary>
    public ulong Missing(int index) => First + _missing[index];

    /// <summary>What it is, after <see cref="Solve"/>: as long as a shard.</summary>
    public ReadOnlySpan<byte> Member(int index) => Row(index);

    public void Dispose() => pool.Return(_bytes);

    private Span<byte> Row(int row) => _bytes.AsSpan(row * strideBytes, _shardBytes);
}
