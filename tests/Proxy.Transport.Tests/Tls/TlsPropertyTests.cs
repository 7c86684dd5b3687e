using System.Net;
using System.Security.Cryptography;
using Proxy.TestKit;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

/// <summary>Random conversations over TLS: sizes, pauses and half-closes in any order, from before hands are shaken on.</summary>
public sealed class TlsPropertyTests
{
    [Fact]
    public void However_the_ends_send_pause_and_finish_every_byte_arrives_in_order_and_nothing_is_left() => Property.Check(25, random =>
    {
        using var environment = new TlsEnvironment(new LoopbackEnvironment(LoopBackendKind.Auto, IPAddress.Loopback), isOnLoop: false);
        var accepting = new RecordingAcceptHandler();
        var (first, second) = (environment.First, environment.Second);
        var (client, server) = (new Talker(random.Next()), new Talker(random.Next()));
        var listener = environment.Run(second, () =>
        {
            Assert.True(second.TryListen(environment.AnyPortOf(second), TcpOptions.Default, accepting, out var made, out var fault), fault.Text);
            return made;
        });
        environment.Run(first, () => client.Begin(first.Connect(listener.LocalEndPoint, TcpOptions.Default, client)));
        environment.Until(() => accepting.Accepted.Count == 1, "the connection is accepted");
        environment.Run(second, () => server.Begin(second.Adopt(accepting.Accepted[0], server)));
        while (!client.IsOver || !server.IsOver)
        {
            environment.Run(first, client.Act);
            environment.Run(second, server.Act);
        }

        environment.Until(() => client.HasSeenEnd && server.HasSeenEnd, "both have seen the end");
        Assert.Equal(Convert.ToHexString(client.Sent), Convert.ToHexString(server.Received));
        Assert.Equal(Convert.ToHexString(server.Sent), Convert.ToHexString(client.Received));
        environment.Run(first, client.Close);
        environment.Run(second, server.Close);
        var (ofFirst, ofSecond) = (environment.CountersOf(first), environment.CountersOf(second));
        environment.Until(() => Volatile.Read(ref ofFirst.OpenChannels) + Volatile.Read(ref ofSecond.OpenChannels) == 0, "nothing is open");
    });

    /// <summary>An end that does something at random whenever it is asked, and digests what it sends and gets.</summary>
    private sealed class Talker(int seed) : IChannelHandler
    {
        private const int MostActs = 40;
        private readonly Random _random = new(seed);
        private readonly IncrementalHash _sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly IncrementalHash _received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private IChannel _channel = null!;
        private int _acts;
        private bool _isBlocked;
        private bool _hasFinished;
        private volatile bool _isOver;
        private volatile bool _hasSeenEnd;

        public bool IsOver => _isOver;

        public bool HasSeenEnd => _hasSeenEnd;

        public byte[] Sent => _sent.GetCurrentHash();

        public byte[] Received => _received.GetCurrentHash();

        public void Begin(IChannel channel) => _channel = channel;

        public void Close() => _channel.Close();

        public void Act()
        {
            if (_acts++ >= MostActs)
            {
                _channel.ResumeReceive();
                Finish();
                _isOver = true;
                return;
            }

            switch (_random.Next(10))
            {
                case 0:
                    _channel.PauseReceive();
                    break;
                case < 3:
                    _channel.ResumeReceive();
                    break;
                case 3 when _random.Next(6) == 0:
                    Finish();
                    break;
                default:
                    Send();
                    break;
            }
        }

        public void OnConnected(IChannel channel)
        {
            // It sends before that too.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            Assert.False(_hasSeenEnd);
            _received.AppendData(bytes);
        }

        public void OnEndOfStream(IChannel channel) => _hasSeenEnd = true;

        public void OnSendDrained(IChannel channel)
        {
            Assert.True(_isBlocked, "It drained although it had kept nothing.");
            _isBlocked = false;
        }

        public void OnFailed(IChannel channel, TransportFault fault) => throw new InvalidOperationException(fault.Text);

        private void Send()
        {
            if (_isBlocked || _hasFinished)
            {
                return;
            }

            var bytes = new byte[_random.Next(8) == 0 ? _random.Next(1 << 20) : _random.Next(1, 40_000)];
            _random.NextBytes(bytes);
            _sent.AppendData(bytes);
            _isBlocked = !_channel.Send(bytes);
        }

        private void Finish()
        {
            _hasFinished = true;
            _channel.ShutdownSend();
        }
    }
}
