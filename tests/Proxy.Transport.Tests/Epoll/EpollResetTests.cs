using System.Net;
using System.Net.Sockets;
using System.Text;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>
/// A peer that sends and goes away within one turn of the loop, so that the channel finds out by sending: what it had sent is delivered all the same,
/// and it has ended its direction only if it said so.
/// </summary>
public sealed class EpollResetTests : IDisposable
{
    private readonly LoopbackEnvironment _environment = new(LoopBackendKind.Epoll, IPAddress.Loopback);

    [Fact]
    public void Bytes_before_a_reset_are_delivered_and_no_end_of_stream_is_made_of_it()
    {
        var seen = Play(peer => peer.Send("last words"u8));

        Assert.Equal("last words, failed", seen);
    }

    [Fact]
    public void Bytes_and_the_end_of_stream_before_a_reset_are_delivered()
    {
        var seen = Play(peer =>
        {
            peer.Send("last words"u8);
            peer.Shutdown(SocketShutdown.Send);
        });

        Assert.Equal("last words, ended, failed", seen);
    }

    public void Dispose() => _environment.Dispose();

    private string Play(Action<Socket> lastWords)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var handler = new Handler();
        IChannel channel = null!;
        _environment.Run(_environment.First, () => channel = _environment.First.Connect((IPEndPoint)listener.LocalEndPoint!, TcpOptions.Default, handler));
        using var peer = listener.Accept();
        _environment.Until(() => handler.IsConnected, "it is connected");

        _environment.Run(_environment.First, () =>
        {
            lastWords(peer);
            peer.LingerState = new LingerOption(enable: true, seconds: 0);
            peer.Close();
            channel.Send("too late"u8);
        });

        _environment.Until(() => handler.HasFailed, "the reset is told");
        return handler.Seen;
    }

    private sealed class Handler : IChannelHandler
    {
        private readonly StringBuilder _seen = new();
        private volatile bool _isConnected;
        private volatile bool _hasFailed;

        public bool IsConnected => _isConnected;

        public bool HasFailed => _hasFailed;

        public string Seen => _seen.ToString();

        public void OnConnected(IChannel channel)
        {
            channel.ResumeReceive();
            _isConnected = true;
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => _seen.Append(Encoding.ASCII.GetString(bytes));

        public void OnEndOfStream(IChannel channel) => _seen.Append(", ended");

        public void OnSendDrained(IChannel channel)
        {
            // Its few bytes are never kept.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            _seen.Append(", failed");
            _hasFailed = true;
        }
    }
}
