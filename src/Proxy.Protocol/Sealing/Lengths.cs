namespace Proxy.Protocol.Sealing;

/// <summary>Sizes that the program itself gets wrong or right; never a peer's.</summary>
internal static class Lengths
{
    public static void Check(ReadOnlySpan<byte> bytes, int expected, string name)
    {
        if (bytes.Length != expected)
        {
            throw new ArgumentException($"{name} is {expected} bytes, not {bytes.Length}.", name);
        }
    }
}
