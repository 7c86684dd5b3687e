using System.Net;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

/// <summary>An environment whose connections are all TLS.</summary>
public sealed class TlsEnvironment : IoLoopEnvironment
{
    private readonly IoLoopEnvironment _inner;
    private readonly TlsLoop _first;
    private readonly TlsLoop _second;

    /// <param name="inner">Where the bytes go; disposed of with this.</param>
    /// <param name="isOnLoop">Whether hands are shaken on the loop itself, as under virtual time.</param>
    public TlsEnvironment(IoLoopEnvironment inner, bool isOnLoop)
    {
        _inner = inner;
        _first = new TlsLoop(inner.First, isOnLoop ? TlsSettings.Default with { Offload = inner.First.Post } : TlsSettings.Default);
        _second = new TlsLoop(inner.Second, isOnLoop ? TlsSettings.Default with { Offload = inner.Second.Post } : TlsSettings.Default);
    }

    public override IIoLoop First => _first;

    public override IIoLoop Second => _second;

    public override IPEndPoint AnyPortOf(IIoLoop loop) => _inner.AnyPortOf(Inner(loop));

    public override IPEndPoint NobodyHome() => _inner.NobodyHome();

    public override void Until(Func<bool> condition, string what) => _inner.Until(condition, what);

    public override void Settle() => _inner.Settle();

    public override void UntilReady(IChannel client, IChannel server) =>
        Until(() => ((TlsChannel)client).Session is not null && ((TlsChannel)server).Session is not null, "hands are shaken");

    public override LoopCounters CountersOf(IIoLoop loop) => _inner.CountersOf(Inner(loop));

    public override void Dispose() => _inner.Dispose();

    private static IIoLoop Inner(IIoLoop loop) => ((TlsLoop)loop).Inner;
}
