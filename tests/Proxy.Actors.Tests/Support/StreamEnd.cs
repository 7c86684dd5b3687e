using System.Text;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors.Tests;

/// <summary>One end of a stream of a bare tunnel, in the hands of a test.</summary>
internal sealed class StreamEnd : IChannelHandler
{
    private readonly IIoLoop _loop;
    private readonly List<byte> _received = [];

    public StreamEnd(IIoLoop loop)
    {
        _loop = loop;
    }

    public TunnelStreamChannel Channel { get; set; } = null!;

    public bool IsAccepted { get; private set; }

    public bool HasSeenEnd { get; private set; }

    public bool HasFailed { get; private set; }

    public EndReason End => Channel.End;

    public IReadOnlyList<byte> Received => _received;

    public string Text => Encoding.ASCII.GetString([.. _received]);

    /// <summary>The chain's response at the front of what was received; null: none is there yet.</summary>
    public ChainResponse? Response
    {
        get
        {
            ChainResponse.TryRead(_received.ToArray(), out _, out var response, out var broken);
            Assert.Equal(ChainRule.None, broken);
            return response;
        }
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.ToArray();
        Run(() => Channel.Send(copy));
    }

    public void Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    public void Finish() => Run(Channel.ShutdownSend);

    public void Reset() => Run(Channel.Abort);

    public void Close() => Run(Channel.Close);

    void IChannelHandler.OnConnected(IChannel channel) => IsAccepted = true;

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => _received.AddRange(bytes);

    void IChannelHandler.OnEndOfStream(IChannel channel) => HasSeenEnd = true;

    void IChannelHandler.OnSendDrained(IChannel channel)
    {
        // A test sends what it sends.
    }

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault) => HasFailed = true;

    private void Run(Action action) => ((TestKit.SimulatedLoop)_loop).Run(action);
}
