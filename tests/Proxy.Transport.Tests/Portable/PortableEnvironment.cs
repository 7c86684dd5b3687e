using System.Net;
using System.Net.Sockets;
using Proxy.Transport.Portable;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Portable;

/// <summary>Two portable loops on the loopback address.</summary>
public sealed class PortableEnvironment(IPAddress address, PortableLoopSettings? settings = null) : IoLoopEnvironment
{
    // A bound for what is expected to happen within milliseconds, long enough for a machine under load.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Loopback delivers within microseconds; this lets both loops turn several times after that.
    private const long SettleMicroseconds = 15_000;
    private readonly PortableLoopGroup _loops = new(2, settings ?? new PortableLoopSettings());

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

    public override LoopCounters CountersOf(IIoLoop loop) => ((PortableLoop)loop).Counters;

    public override void Dispose() => _loops.Dispose();
}
