using Proxy.Protocol.Sealing;

namespace Proxy.Simulation.Tests;

/// <summary>"Secret" bytes that a seed replays.</summary>
public sealed class SeededSecrets(int seed) : IRandomBytes
{
    private readonly Random _random = new(seed);

    public void Fill(Span<byte> target) => _random.NextBytes(target);
}
