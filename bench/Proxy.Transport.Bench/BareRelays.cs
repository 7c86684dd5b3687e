using System.Net;
using Proxy.Transport.Relays;

namespace Proxy.Transport.Bench;

/// <summary>Connects whoever comes with one target; no limits, no log, no names.</summary>
internal sealed class BareRelays(IReadOnlyList<IIoLoop> loops, IPEndPoint target)
{
    private int _next;

    /// <summary>Either every loop listens on the one address, or the first does and hands on in turn.</summary>
    public void Listen(IPEndPoint address, bool isSharing)
    {
        foreach (var loop in isSharing ? loops : [loops[0]])
        {
            loop.Post(new Work(() =>
            {
                var options = TcpOptions.Default with { SharePort = isSharing };
                if (!loop.TryListen(address, options, new Acceptor(this, isSharing ? loop : null), out _, out var fault))
                {
                    throw new IOException(fault.Text);
                }
            }));
        }
    }

    private IIoLoop NextLoop() => loops[_next++ % loops.Count];

    private void Begin(IIoLoop loop, IAcceptedConnection connection) =>
        loop.Connect(target, TcpOptions.Default, new Pair(loop, loop.Adopt(connection, Nobody.Instance)));

    private sealed class Acceptor(BareRelays relays, IIoLoop? own) : IAcceptHandler
    {
        public void OnAccepted(IAcceptedConnection connection)
        {
            var loop = own ?? relays.NextLoop();
            if (loop.IsCurrent)
            {
                relays.Begin(loop, connection);
            }
            else
            {
                loop.Post(new Work(() => relays.Begin(loop, connection)));
            }
        }

        public void OnAcceptFailed(TransportFault fault) => Console.Error.WriteLine(fault);
    }

    /// <summary>The upstream's handler until it is connected, and then the relay's observer.</summary>
    private sealed class Pair(IIoLoop loop, IChannel client) : Nobody, IRelayObserver
    {
        public override void OnConnected(IChannel channel) => new Relay(loop, client, channel, RelaySettings.Default, this).Start();

        public override void OnFailed(IChannel channel, TransportFault fault) => client.Abort();

        public void OnHalfClosed(RelaySide side)
        {
            // Nothing is counted here.
        }

        public void OnEnded(in RelayEnd end)
        {
            // Nothing is counted here.
        }
    }

    private class Nobody : IChannelHandler
    {
        public static readonly Nobody Instance = new();

        public virtual void OnConnected(IChannel channel) => throw new InvalidOperationException();

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw new InvalidOperationException();

        public void OnEndOfStream(IChannel channel) => throw new InvalidOperationException();

        public void OnSendDrained(IChannel channel) => throw new InvalidOperationException();

        public virtual void OnFailed(IChannel channel, TransportFault fault)
        {
            // A client that is gone before its upstream is there: the relay finds out when it starts.
        }
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
