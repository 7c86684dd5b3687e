using System.Buffers;

namespace Proxy.Transport.Tls;

/// <summary>
/// What a loop's thread needs for a moment while one channel encrypts or decrypts: lent within a turn and given back in it, so that channels
/// hold none. Where both ends of a relay are TLS, one is lent to decrypt and another to encrypt.
/// </summary>
internal static class TlsBuffers
{
    /// <summary>As much as a loop reads at once, and what encryption adds to it.</summary>
    public const int Bytes = 272 << 10;

    // Deeper than one channel sends from inside of another's delivery nobody goes.
    private const int MostFree = 4;

    [ThreadStatic]
    private static Stack<byte[]>? _free;

    [ThreadStatic]
    private static LentMemory? _freeMemory;

    public static byte[] Borrow() =>
        _free is not null && _free.TryPop(out var buffer) ? buffer : GC.AllocateUninitializedArray<byte>(Bytes, pinned: true);

    public static void GiveBack(byte[] buffer)
    {
        _free ??= new Stack<byte[]>(MostFree);
        if (_free.Count < MostFree)
        {
            _free.Push(buffer);
        }
    }

    public static LentMemory BorrowMemory()
    {
        var memory = _freeMemory ?? new LentMemory();
        _freeMemory = null;
        return memory;
    }

    public static void GiveBack(LentMemory memory)
    {
        memory.Set(0, 0);
        _freeMemory = memory;
    }
}

/// <summary>A span in the clothes of a <see cref="Memory{T}"/>, for a callee that is done with it when it returns.</summary>
internal sealed unsafe class LentMemory : MemoryManager<byte>
{
    private nint _start;
    private int _count;

    public void Set(nint start, int count) => (_start, _count) = (start, count);

    public override Span<byte> GetSpan() => new((byte*)_start, _count);

    public override MemoryHandle Pin(int elementIndex = 0) => new((byte*)_start + elementIndex);

    public override void Unpin()
    {
        // Whoever lends it has pinned it.
    }

    protected override void Dispose(bool disposing)
    {
        // It owns nothing.
    }
}
