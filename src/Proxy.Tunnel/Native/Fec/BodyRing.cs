using System.Buffers;
using System.Buffers.Binary;
using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// The bodies of the newest datagrams by their numbers, each as a member of a group: its length in front. What a later number takes the place
/// of is gone. Its memory is rented with the first body.
/// </summary>
/// <param name="pool">For the memory.</param>
/// <param name="slots">How many bodies; a power of two.</param>
/// <param name="memberBytes">A body and its length at most; longer ones are noted as being too long.</param>
internal sealed class BodyRing(ArrayPool<byte> pool, int slots, int memberBytes) : IDisposable
{
    private readonly Slot[] _slots = new Slot[slots];
    private byte[]? _bytes;

    public int MemberBytes => memberBytes;

    /// <summary>Keeps a body, unless one with a later number has its place.</summary>
    public void Keep(ulong number, ReadOnlySpan<byte> body)
    {
        ref var slot = ref SlotOf(number);
        if (slot.IsUsed && slot.Number > number)
        {
            return;
        }

        _bytes ??= pool.Rent(slots * memberBytes);
        slot = new Slot(IsUsed: true, IsRecovered: false, body.Length, number);
        if (FecPart.LengthFieldBytes + body.Length <= memberBytes)
        {
            var member = _bytes.AsSpan(Start(number), memberBytes);
            BinaryPrimitives.WriteUInt16BigEndian(member, (ushort)body.Length);
            body.CopyTo(member[FecPart.LengthFieldBytes..]);
        }
    }

    public bool Contains(ulong number) => SlotOf(number) is { IsUsed: true } slot && slot.Number == number;

    /// <summary>What is contained under that number did not arrive, and was taken all the same.</summary>
    public void MarkRecovered(ulong number)
    {
        if (Contains(number))
        {
            SlotOf(number) = SlotOf(number) with { IsRecovered = true };
        }
    }

    /// <summary>Whether it was marked so.</summary>
    public bool IsRecovered(ulong number) => Contains(number) && SlotOf(number).IsRecovered;

    /// <summary>The length of a body that is contained.</summary>
    public int BodyBytes(ulong number) => SlotOf(number).BodyBytes;

    /// <summary>A body that is contained, its length in front; empty when that is more than a shard of so many bytes covers.</summary>
    public ReadOnlySpan<byte> Member(ulong number, int shardBytes)
    {
        var length = FecPart.LengthFieldBytes + BodyBytes(number);
        return length <= shardBytes ? _bytes.AsSpan(Start(number), length) : default;
    }

    /// <summary>Forgets everything and returns the memory.</summary>
    public void Dispose()
    {
        if (_bytes is not null)
        {
            pool.Return(_bytes);
            _bytes = null;
            Array.Clear(_slots);
        }
    }

    private int Start(ulong number) => (int)(number & (ulong)(slots - 1)) * memberBytes;

    private ref Slot SlotOf(ulong number) => ref _slots[(int)(number & (ulong)(slots - 1))];

    private readonly record struct Slot(bool IsUsed, bool IsRecovered, int BodyBytes, ulong Number);
}
