using System.Net;
using System.Net.Sockets;

namespace Proxy.Transport.Tests.Contract;

/// <summary>Two loops of a real backend on a loopback address.</summary>
public sealed class LoopbackEnvironment(LoopBackendKind backend, IPAddress address, LoopSettings? settings = null) : IoLoopEnvironment
{
    // A bound for what is expected to happen within milliseconds, long enough for a machine under load.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Loopback delivers within microseconds; this lets both loops turn several times after that.
    private const long SettleMicroseconds = 15_000;
    private readonly LoopGroup _loops = LoopBackends.CreateGroup(backend, 2, settings ?? new LoopSettings());

    public override IIoLoop First => _loops.Loops[0];

    public override IIoLoop Second => _loops.Loops[1];

    public override IPEndPoint AnyPortOf(IIoLoop loop) => new(address, 0);

    public override IPEndPoint NobodyHome()
    {
        using var tcp = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        tcp.Bind(new IPEndPoint(address, 0));
        return (IPEndPoint)tcp.LocalEndPoint!;
    }

    public override void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, Patience), $"Waited {Patience.TotalSeconds} s in vain until {what}.");

    public override void Settle()
    {
        foreach (var loop in _loops.Loops)
        {
            var isOver = false;
            Run(loop, () => loop.CreateDeadline(() => Volatile.Write(ref isOver, true)).Set(loop.NowMicroseconds + SettleMicroseconds));
            Until(() => Volatile.Read(ref isOver), "things have settled");
        }
    }

    public override LoopCounters CountersOf(IIoLoop loop) => _loops.Counters[loop == First ? 0 : 1];

    public override void Dispose() => _loops.Dispose();
}
