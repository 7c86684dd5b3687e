using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

public sealed partial class SimulatedHost
{
    private readonly PortTable<SimulatedListener> _listeners;
    private readonly Dictionary<(UdpAddress Local, UdpAddress Remote), SimulatedTcpSocket> _tcp = [];
    private readonly HashSet<int> _clientPorts = [];

    /// <summary>TCP sockets that the host's kernel still knows: connecting, open, or lingering after their channel was closed.</summary>
    public int OpenTcpSockets => _tcp.Count;

    public int OpenListeners => _listeners.Count;

    internal bool TryListen(IPEndPoint local, SimulatedListener listener, out TransportFault fault)
    {
        if (!_listeners.TryBind(local, listener, isShared: false, out var bound, out fault))
        {
            return false;
        }

        listener.Open(bound);
        return true;
    }

    internal void Unbind(SimulatedListener listener) => _listeners.Unbind(listener.LocalEndPoint, listener);

    internal SimulatedTcpSocket CreateClientSocket(IPEndPoint remote, TcpOptions options)
    {
        var local = new IPEndPoint(SourceFor(remote.Address) ?? IPAddress.Any, NextPort());
        var socket = new SimulatedTcpSocket(this, local, remote, options);
        _clientPorts.Add(local.Port);
        Add(socket);
        return socket;
    }

    internal void Remove(SimulatedTcpSocket socket)
    {
        _tcp.Remove((UdpAddress.From(socket.Local), UdpAddress.From(socket.Remote)));
        if (!socket.IsServer)
        {
            _clientPorts.Remove(socket.Local.Port);
        }
    }

    /// <summary>Puts a segment on the wire. One that gets lost comes back to its socket, which sends it again later.</summary>
    internal void SendSegment(SimulatedHost target, TcpSegment segment) => World.Network.Carry(
        segment.Kind,
        this,
        target,
        UdpAddress.From(segment.From),
        UdpAddress.From(segment.To),
        segment.Bytes,
        arrive: () => target.ReceiveSegment(this, segment),
        lose: () => segment.Sender?.HandleLost(segment));

    private void ReceiveSegment(SimulatedHost from, TcpSegment segment)
    {
        // A second copy of what had arrived; by now its connection may be over, and it must not be answered by a reset.
        if (segment.IsReceived)
        {
            return;
        }

        segment.IsReceived = true;
        if (_tcp.TryGetValue((UdpAddress.From(segment.To), UdpAddress.From(segment.From)), out var socket))
        {
            socket.Receive(segment);
        }
        else if (segment.Kind == PacketKind.TcpConnect && _listeners.Find(segment.To, segment.From.Port) is { } listener)
        {
            ReceiveConnect(listener, segment);
        }
        else if (segment.Kind != PacketKind.TcpReset)
        {
            SendSegment(from, new TcpSegment(null, PacketKind.TcpReset, segment.To, segment.From, TcpSegment.Unordered));
        }
    }

    private void ReceiveConnect(SimulatedListener listener, TcpSegment segment)
    {
        if (listener.IsFull)
        {
            // Linux drops a SYN for which the backlog has no place; the client tries again.
            segment.IsReceived = false;
            segment.Sender!.HandleLost(segment);
            return;
        }

        var socket = new SimulatedTcpSocket(this, segment.To, segment.From, listener.Options, segment.Sender!, listener);
        Add(socket);
        socket.Accept();
    }

    private void Add(SimulatedTcpSocket socket) => _tcp.Add((UdpAddress.From(socket.Local), UdpAddress.From(socket.Remote)), socket);

    private void DropStreamSockets()
    {
        foreach (var socket in _tcp.Values)
        {
            socket.Vanish();
        }

        _tcp.Clear();
        _clientPorts.Clear();
        _listeners.Clear();
    }
}
