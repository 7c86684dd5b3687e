using Proxy.Protocol.Sealing;

namespace Proxy.Protocol.Tests.Sealing;

/// <summary>"Random" bytes that count up from a given one: what a test vector is made with.</summary>
internal sealed class CountingBytes(byte first) : IRandomBytes
{
    private byte _next = first;

    public void Fill(Span<byte> target)
    {
        foreach (ref var place in target)
        {
            place = _next++;
        }
    }
}

/// <summary>Random bytes of a seed.</summary>
internal sealed class SeededBytes(Random random) : IRandomBytes
{
    public void Fill(Span<byte> target) => random.NextBytes(target);
}
