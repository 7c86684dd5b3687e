using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Proxy.Tunnel.Native.Fec;

/// <summary>
/// GF(2⁸) with the polynomial x⁸ + x⁴ + x³ + x² + 1 (0x11d): addition is XOR. What a factor makes of a byte is the sum of what it makes of its
/// two halves, 16 values each, so that one shuffle of a register looks up 16 or 32 bytes at once.
/// </summary>
internal static class GaloisField
{
    private const int Polynomial = 0x11d;
    private const int NibbleValues = 16;
    private const int TableBytes = 2 * NibbleValues;

    // Of each factor the products of 0…15, then those of 0, 16, … 240.
    private static readonly byte[] Tables = MakeTables();
    private static readonly byte[] Inverses = MakeInverses();

    public static byte Multiply(byte left, byte right)
    {
        var table = TableOf(left);
        return (byte)(table[right & 15] ^ table[NibbleValues + (right >> 4)]);
    }

    /// <summary>What gives 1 when multiplied with it; 0 for 0, which has none.</summary>
    public static byte Invert(byte value) => Inverses[value];

    /// <summary>Adds the product of <paramref name="factor"/> and each byte of <paramref name="source"/> to the byte at its place.</summary>
    /// <param name="factor">0 changes nothing.</param>
    /// <param name="source">What is multiplied.</param>
    /// <param name="destination">At least as long as <paramref name="source"/>; what is beyond stays as it is. No part of it, or all of it.</param>
    public static void MultiplyAdd(byte factor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (Avx2.IsSupported)
        {
            MultiplyAdd256(factor, source, destination);
        }
        else if (Vector128.IsHardwareAccelerated)
        {
            MultiplyAdd128(factor, source, destination);
        }
        else
        {
            MultiplyAddBytes(factor, source, destination);
        }
    }

    /// <summary>Multiplies each byte where it is.</summary>
    public static void Scale(byte factor, Span<byte> bytes)
    {
        // (f + 1) x + x = f x.
        MultiplyAdd((byte)(factor ^ 1), bytes, bytes);
    }

    /// <summary>32 bytes at once. Only where there is AVX2, whose shuffle looks each half up in its own half.</summary>
    internal static void MultiplyAdd256(byte factor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var length = source.Length & ~(Vector256<byte>.Count - 1);
        destination = destination[..source.Length];
        if (length > 0)
        {
            ref var table = ref MemoryMarshal.GetReference(TableOf(factor));
            var low = Vector256.Create(Vector128.LoadUnsafe(ref table), Vector128.LoadUnsafe(ref table));
            var high = Vector256.Create(Vector128.LoadUnsafe(ref table, NibbleValues), Vector128.LoadUnsafe(ref table, NibbleValues));
            var mask = Vector256.Create((byte)15);
            ref var from = ref MemoryMarshal.GetReference(source);
            ref var to = ref MemoryMarshal.GetReference(destination);
            for (nuint offset = 0; offset < (nuint)length; offset += (nuint)Vector256<byte>.Count)
            {
                var bytes = Vector256.LoadUnsafe(ref from, offset);
                var product = Avx2.Shuffle(low, bytes & mask)
                    ^ Avx2.Shuffle(high, Vector256.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & mask);
                (product ^ Vector256.LoadUnsafe(ref to, offset)).StoreUnsafe(ref to, offset);
            }
        }

        MultiplyAddBytes(factor, source[length..], destination[length..]);
    }

    /// <summary>16 bytes at once.</summary>
    internal static void MultiplyAdd128(byte factor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var length = source.Length & ~(Vector128<byte>.Count - 1);
        destination = destination[..source.Length];
        if (length > 0)
        {
            ref var table = ref MemoryMarshal.GetReference(TableOf(factor));
            var low = Vector128.LoadUnsafe(ref table);
            var high = Vector128.LoadUnsafe(ref table, NibbleValues);
            var mask = Vector128.Create((byte)15);
            ref var from = ref MemoryMarshal.GetReference(source);
            ref var to = ref MemoryMarshal.GetReference(destination);
            for (nuint offset = 0; offset < (nuint)length; offset += (nuint)Vector128<byte>.Count)
            {
                var bytes = Vector128.LoadUnsafe(ref from, offset);
                var product = Vector128.ShuffleNative(low, bytes & mask)
                    ^ Vector128.ShuffleNative(high, Vector128.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte() & mask);
                (product ^ Vector128.LoadUnsafe(ref to, offset)).StoreUnsafe(ref to, offset);
            }
        }

        MultiplyAddBytes(factor, source[length..], destination[length..]);
    }

    /// <summary>One byte after the other.</summary>
    internal static void MultiplyAddBytes(byte factor, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var table = TableOf(factor);
        destination = destination[..source.Length];
        for (var index = 0; index < source.Length; index++)
        {
            destination[index] ^= (byte)(table[source[index] & 15] ^ table[NibbleValues + (source[index] >> 4)]);
        }
    }

    private static ReadOnlySpan<byte> TableOf(byte factor) => Tables.AsSpan(factor * TableBytes, TableBytes);

    private static byte[] MakeTables()
    {
        var tables = new byte[256 * TableBytes];
        for (var factor = 0; factor < 256; factor++)
        {
            for (var nibble = 0; nibble < NibbleValues; nibble++)
            {
                tables[(factor * TableBytes) + nibble] = MultiplySlowly(factor, nibble);
                tables[(factor * TableBytes) + NibbleValues + nibble] = MultiplySlowly(factor, nibble << 4);
            }
        }

        return tables;
    }

    private static byte[] MakeInverses()
    {
        var inverses = new byte[256];
        for (var left = 1; left < 256; left++)
        {
            for (var right = 1; right < 256 && inverses[left] == 0; right++)
            {
                inverses[left] = Multiply((byte)left, (byte)right) == 1 ? (byte)right : (byte)0;
            }
        }

        return inverses;
    }

    private static byte MultiplySlowly(int left, int right)
    {
        var product = 0;
        for (; right != 0; right >>= 1)
        {
            product ^= (right & 1) != 0 ? left : 0;
            left <<= 1;
            left ^= left > 255 ? Polynomial : 0;
        }

        return (byte)product;
    }
}
