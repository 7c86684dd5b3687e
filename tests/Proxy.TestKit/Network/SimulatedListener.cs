using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>A listening socket: connections whose handshake is over wait here for a turn of the loop, one per turn.</summary>
internal sealed class SimulatedListener(SimulatedLoop loop, TcpOptions options, IAcceptHandler handler) : IListener, IThreadPoolWorkItem
{
    private readonly Queue<SimulatedTcpSocket> _waiting = new();
    private int _handshakes;
    private bool _isOpen;

    public IPEndPoint LocalEndPoint { get; private set; } = new(IPAddress.Any, 0);

    public TcpOptions Options => options;

    /// <summary>Whether the backlog has no place left.</summary>
    public bool IsFull => _handshakes + _waiting.Count >= options.Backlog;

    public void Close()
    {
        loop.RequireCurrent();
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        loop.Counters.OpenListeners--;
        loop.Host.Unbind(this);
        while (_waiting.TryDequeue(out var socket))
        {
            socket.Abort();
        }
    }

    /// <summary>The host has bound it.</summary>
    public void Open(IPEndPoint bound)
    {
        LocalEndPoint = bound;
        _isOpen = true;
        loop.Counters.OpenListeners++;
    }

    public void BeginHandshake() => _handshakes++;

    public void AbandonHandshake() => _handshakes--;

    public void EndHandshake(SimulatedTcpSocket socket)
    {
        _handshakes--;
        if (!_isOpen)
        {
            socket.Abort();
            return;
        }

        _waiting.Enqueue(socket);
        loop.Post(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        // The queue is empty when the listener was closed after this turn was posted.
        if (!_waiting.TryDequeue(out var socket))
        {
            return;
        }

        var connection = new SimulatedAcceptedConnection(socket);
        try
        {
            handler.OnAccepted(connection);
        }
        catch (Exception failure)
        {
            connection.Refuse();
            loop.ReportFailure(failure);
        }
    }
}

/// <summary>A connection that was accepted and not adopted yet.</summary>
internal sealed class SimulatedAcceptedConnection(SimulatedTcpSocket socket) : IAcceptedConnection
{
    private SimulatedTcpSocket? _socket = socket;

    public IPEndPoint RemoteEndPoint { get; } = socket.Remote;

    public IPEndPoint LocalEndPoint { get; } = socket.Local;

    public SimulatedHost Host { get; } = socket.Host;

    public void Refuse()
    {
        _socket?.Abort();
        _socket = null;
    }

    /// <summary>Hands the socket to the loop that adopts it; only one can.</summary>
    public SimulatedTcpSocket Take()
    {
        var taken = _socket ?? throw new InvalidOperationException("The connection was adopted or refused before.");
        _socket = null;
        return taken;
    }
}
