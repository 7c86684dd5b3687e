namespace Proxy.Kcp.Tests;

internal static class Bytes
{
    /// <summary>Bytes that tell where they come from: no two places of a test's stream look alike for long.</summary>
    public static byte[] Random(int count, int seed = 5)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Random(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>Compares without printing megabytes.</summary>
    public static void AssertSame(byte[] expected, byte[] actual)
    {
        var common = expected.AsSpan().CommonPrefixLength(actual);
        Assert.True(
            expected.Length == actual.Length && common == expected.Length,
            $"{expected.Length} bytes were sent, {actual.Length} arrived, and they differ from byte {common} on.");
    }
}
