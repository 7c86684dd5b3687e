using System.Net;
using System.Text;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>One end of a connection that does what the test says, and remembers what it saw. Its methods are for outside of the loop.</summary>
public sealed class ScriptedSocket : IChannelHandler
{
    private readonly SimulatedLoop _loop;
    private readonly List<byte> _received = [];
    private IChannel _channel = null!;

    private ScriptedSocket(SimulatedLoop loop)
    {
        _loop = loop;
    }

    public bool IsConnected { get; private set; }

    public bool HasSeenEnd { get; private set; }

    public TransportFault? Fault { get; private set; }

    /// <summary>Whether the other end takes less than was sent.</summary>
    public bool HasUnsent => _channel.HasUnsent;

    /// <summary>By this the other end knows it; null before it is connected.</summary>
    public EndPoint? LocalEndPoint => _channel.LocalEndPoint;

    public bool WasReset => Fault?.Kind == TransportFaultKind.Reset;

    public IReadOnlyList<byte> Received => _received;

    public string Text => Encoding.ASCII.GetString([.. _received]);

    public static ScriptedSocket Connect(SimulatedLoop loop, IPEndPoint target)
    {
        var socket = new ScriptedSocket(loop);
        loop.Run(() => socket._channel = loop.Connect(target, TcpOptions.Default, socket));
        return socket;
    }

    /// <summary>In a turn of the loop.</summary>
    public static ScriptedSocket Adopt(SimulatedLoop loop, IAcceptedConnection connection, bool isReading)
    {
        var socket = new ScriptedSocket(loop) { IsConnected = true };
        socket._channel = loop.Adopt(connection, socket);
        if (isReading)
        {
            socket._channel.ResumeReceive();
        }

        return socket;
    }

    public void Send(string text) => _loop.Run(() => { _channel.Send(Encoding.ASCII.GetBytes(text)); });

    public void Send(byte[] bytes) => _loop.Run(() => { _channel.Send(bytes); });

    public void Finish() => _loop.Run(() => _channel.ShutdownSend());

    public void Reset() => _loop.Run(() => _channel.Abort());

    public void Close() => _loop.Run(() => _channel.Close());

    public void Read() => _loop.Run(() => _channel.ResumeReceive());

    public void StopReading() => _loop.Run(() => _channel.PauseReceive());

    void IChannelHandler.OnConnected(IChannel channel)
    {
        IsConnected = true;
        channel.ResumeReceive();
    }

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => _received.AddRange(bytes);

    void IChannelHandler.OnEndOfStream(IChannel channel) => HasSeenEnd = true;

    void IChannelHandler.OnSendDrained(IChannel channel)
    {
        // Scripts send what they send.
    }

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault) => Fault = fault;
}

/// <summary>A listener whose connections are <see cref="ScriptedSocket"/>s.</summary>
public sealed class ScriptedServer : IAcceptHandler
{
    private readonly SimulatedLoop _loop;
    private readonly List<ScriptedSocket> _sockets = [];
    private IListener? _listener;

    public ScriptedServer(SimulatedLoop loop, IPEndPoint at)
    {
        _loop = loop;
        loop.Run(() =>
        {
            if (!loop.TryListen(at, TcpOptions.Default, this, out _listener!, out var fault))
            {
                throw new InvalidOperationException(fault.Text);
            }
        });
    }

    /// <summary>Whether a new connection is read from the start.</summary>
    public bool Reads { get; set; } = true;

    public IReadOnlyList<ScriptedSocket> Sockets => _sockets;

    public void Close() => _loop.Run(() => _listener!.Close());

    void IAcceptHandler.OnAccepted(IAcceptedConnection connection) => _sockets.Add(ScriptedSocket.Adopt(_loop, connection, Reads));

    void IAcceptHandler.OnAcceptFailed(TransportFault fault) => throw new InvalidOperationException(fault.Text);
}
