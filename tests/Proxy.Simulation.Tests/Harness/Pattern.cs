namespace Proxy.Simulation.Tests;

/// <summary>Bytes that anybody who knows the key can make and check at any position, so that nothing has to be kept for comparison.</summary>
public static class Pattern
{
    public static void Fill(Span<byte> target, int key, long position)
    {
        for (var index = 0; index < target.Length; index++)
        {
            target[index] = At(key, position + index);
        }
    }

    /// <summary>The first position that is wrong; null: none.</summary>
    public static long? FindWrong(ReadOnlySpan<byte> bytes, int key, long position)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            if (bytes[index] != At(key, position + index))
            {
                return position + index;
            }
        }

        return null;
    }

    // Fibonacci hashing of the position: neighbours differ, and a shift by any number of bytes shows.
    private static byte At(int key, long position) => (byte)((((uint)position * 2654435769u) ^ (uint)key) >> 19);
}
