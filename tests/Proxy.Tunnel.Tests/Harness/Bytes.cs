namespace Proxy.Tunnel.Tests;

internal static class Bytes
{
    /// <summary>Bytes that tell where they come from: no two places look alike for long.</summary>
    public static byte[] Random(int count, int seed = 5)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Compares without printing megabytes.</summary>
    public static void AssertSame(ReadOnlySpan<byte> expected, MemoryStream actual)
    {
        var got = actual.GetBuffer().AsSpan(0, (int)actual.Length);
        var common = expected.CommonPrefixLength(got);
        Assert.True(
            expected.Length == got.Length && common == got.Length,
            $"{expected.Length} bytes were sent, {got.Length} arrived, and they differ from byte {common} on.");
    }

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));
}
