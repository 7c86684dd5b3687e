using System.Buffers.Binary;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>
/// A real server behind the proxy: every connection begins with twelve bytes that say how much the client will send, how much it wants, and
/// the key of both patterns; then both sides talk at once.
/// </summary>
public sealed class TalkingServer : IAcceptHandler
{
    private readonly SimulatedLoop _loop;
    private readonly Dictionary<int, Talker> _sessions = [];

    public TalkingServer(SimulatedLoop loop)
    {
        _loop = loop;
    }

    public IReadOnlyDictionary<int, Talker> Sessions => _sessions;

    public int Accepted { get; private set; }

    /// <summary>The client's side of a talk with this server.</summary>
    public static Talk Ask(int key, int sendBytes, int receiveBytes)
    {
        var opening = new byte[OpeningBytes];
        BinaryPrimitives.WriteInt32BigEndian(opening, sendBytes);
        BinaryPrimitives.WriteInt32BigEndian(opening.AsSpan(4), receiveBytes);
        BinaryPrimitives.WriteInt32BigEndian(opening.AsSpan(8), key);
        return new Talk(sendBytes, key, receiveBytes, ~key) { Opening = opening };
    }

    public void OnAccepted(IAcceptedConnection connection)
    {
        Accepted++;
        _loop.Adopt(connection, new Opening(this)).ResumeReceive();
    }

    public void OnAcceptFailed(TransportFault fault) => throw new InvalidOperationException(fault.Text);

    private const int OpeningBytes = 12;

    private sealed class Opening(TalkingServer server) : IChannelHandler
    {
        private byte[] _bytes = [];

        public void OnConnected(IChannel channel)
        {
            // It came connected.
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
            _bytes = [.. _bytes, .. bytes];
            if (_bytes.Length < OpeningBytes)
            {
                return;
            }

            var key = BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(8));
            var talk = new Talk(BinaryPrimitives.ReadInt32BigEndian(_bytes.AsSpan(4)), ~key, BinaryPrimitives.ReadInt32BigEndian(_bytes), key);
            var talker = new Talker(server._loop, talk, key);
            server._sessions.Add(key, talker);
            channel.Handler = talker;
            talker.OnConnected(channel);
            if (_bytes.Length > OpeningBytes)
            {
                talker.OnReceived(channel, _bytes.AsSpan(OpeningBytes));
            }
        }

        public void OnEndOfStream(IChannel channel) => channel.Close();

        public void OnSendDrained(IChannel channel)
        {
            // Nothing was sent.
        }

        public void OnFailed(IChannel channel, TransportFault fault)
        {
            // Whoever connected has gone before it said anything.
        }
    }
}
