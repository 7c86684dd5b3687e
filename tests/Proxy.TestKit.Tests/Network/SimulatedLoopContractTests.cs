using System.Net;
using Proxy.Transport;
using Proxy.Transport.Tests.Contract;

namespace Proxy.TestKit.Tests.Network;

/// <summary>The simulated loop keeps what the real ones keep.</summary>
public sealed class SimulatedLoopContractTests() : IoLoopContract(new SimulatedEnvironment(seed: 1, TimeSpan.FromMicroseconds(10)));

public sealed class SimulatedLoopWithLatencyContractTests() : IoLoopContract(new SimulatedEnvironment(seed: 2, TimeSpan.FromMilliseconds(1)));

/// <summary>
/// Two simulated loops of one host, for the contract lets one adopt what the other accepted. Handlers may fail there, as some cases want.
/// </summary>
public sealed class SimulatedEnvironment : IoLoopEnvironment
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly SimulatedWorld _world;
    private readonly SimulatedLoop _first;
    private readonly SimulatedLoop _second;
    private int _nobodysPort = 7000;

    public SimulatedEnvironment(int seed, TimeSpan latency)
    {
        _world = new SimulatedWorld(seed) { ThrowsHandlerFailures = false };
        _world.Network.LoopbackLatency = latency;
        var host = _world.AddHost("host", "10.0.0.1");
        (_first, _second) = (_world.CreateLoop(host, "loop-0"), _world.CreateLoop(host, "loop-1"));
    }

    public override IIoLoop First => _first;

    public override IIoLoop Second => _second;

    public override IPEndPoint AnyPortOf(IIoLoop loop) => new(((SimulatedLoop)loop).Host.Addresses[0], 0);

    public override IPEndPoint NobodyHome() => new(_second.Host.Addresses[0], _nobodysPort++);

    public override void Until(Func<bool> condition, string what) =>
        Assert.True(_world.TryRunUntil(condition, Patience), $"Waited in vain until {what}.");

    public override void Settle() => _world.RunFor(TimeSpan.FromMilliseconds(15));

    public override LoopCounters CountersOf(IIoLoop loop) => ((SimulatedLoop)loop).Counters;

    public override void Dispose()
    {
        // A world holds nothing but memory.
    }
}
