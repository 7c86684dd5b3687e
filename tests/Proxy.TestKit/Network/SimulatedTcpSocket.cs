using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>Whom a socket tells that there is something to look at, from outside any turn.</summary>
internal interface ISimulatedSocketOwner
{
    void OnSocketChanged();

    /// <summary>The kernel has forgotten the socket; also after the owner had let go of it.</summary>
    void OnSocketGone();
}

/// <summary>
/// The kernel's half of a TCP connection. Modelled: handshake, refusal, ordered bytes cut at random places, one window per direction for what
/// is under way or unread, half-close, reset (what the peer had not read is lost), sending again what was lost, giving up after the user
/// timeout, and connections that the other machine forgot in a crash. Not modelled: congestion control, fast retransmit, keep-alive probes,
/// simultaneous open, TIME_WAIT; acknowledgements are never lost and need no packet.
/// </summary>
internal sealed partial class SimulatedTcpSocket
{
    /// <summary>How long a closed socket may take to send what it has and see the peer's end, as in the real loops.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(30);

    private static readonly TransportFault PeerReset = new(TransportFaultKind.Reset, "connection reset by peer");
    private static readonly TransportFault NobodyListens = new(TransportFaultKind.Refused, "connection refused");
    private static readonly TransportFault NoRoute = new(TransportFaultKind.Unreachable, "no host has this address");

    private readonly SimulatedHost _host;
    private readonly SimulatedHost? _target;
    private readonly TcpOptions _options;
    private readonly SimulatedListener? _listener;
    private SimulatedTcpSocket? _peer;
    private bool _isGone;

    // Whether the owner has closed it: it lives on until its bytes and both ends are through.
    private bool _isReleased;

    public SimulatedTcpSocket(SimulatedHost host, IPEndPoint local, IPEndPoint remote, TcpOptions options)
    {
        (_host, Local, Remote, _options) = (host, local, remote, options);
        _target = host.World.Network.HostAt(host, remote.Address);
    }

    public SimulatedTcpSocket(
        SimulatedHost host, IPEndPoint local, IPEndPoint remote, TcpOptions options, SimulatedTcpSocket peer, SimulatedListener listener)
        : this(host, local, remote, options)
    {
        (_peer, _listener) = (peer, listener);
    }

    public IPEndPoint Local { get; }

    public IPEndPoint Remote { get; }

    public SimulatedHost Host => _host;

    public bool IsServer => _listener is not null;

    public bool IsEstablished { get; private set; }

    /// <summary>Why the connection failed, if it has; the first reason stays.</summary>
    public TransportFault? Fault { get; private set; }

    /// <summary>The channel that reads and writes; null while an accepted connection waits to be adopted.</summary>
    public ISimulatedSocketOwner? Owner { get; set; }

    private SimulatedWorld World => _host.World;

    private SimulatedNetwork Network => World.Network;

    /// <summary>Sends the SYN.</summary>
    public void Connect()
    {
        if (_target is null)
        {
            World.Agenda.AddAfter(Network.DefaultLatency, () => Fail(NoRoute));
            return;
        }

        Send(PacketKind.TcpConnect, TcpSegment.Unordered);
    }

    /// <summary>Answers a SYN: the client is connected when it hears it, we are when it confirms.</summary>
    public void Accept()
    {
        _peer!._peer = this;
        _listener!.BeginHandshake();
        Send(PacketKind.TcpAccept, _nextSequence++);
    }

    /// <summary>Ends both directions with a reset; nothing is told to the owner.</summary>
    public void Abort()
    {
        if (_isGone)
        {
            return;
        }

        if (_target is not null && !IsOver)
        {
            _host.SendSegment(_target, new TcpSegment(null, PacketKind.TcpReset, Local, Remote, TcpSegment.Unordered));
        }

        Forget();
    }

    /// <summary>The owner lets go: what it wrote and the FIN still go out, what comes in is dropped.</summary>
    public void Release()
    {
        if (_isGone || _isReleased)
        {
            return;
        }

        _isReleased = true;
        ShutdownSend();
        DropReceived();
        World.Agenda.AddAfter(Linger, Abort);
        ForgetWhenOver();
    }

    /// <summary>The host lost power.</summary>
    public void Vanish()
    {
        _isGone = true;
        Owner = null;
    }

    /// <summary>A segment of ours did not arrive; it is sent again, unless that has gone on for too long.</summary>
    public void HandleLost(TcpSegment segment)
    {
        if (_isGone || segment.IsReceived || segment.IsRetryPending)
        {
            return;
        }

        segment.IsRetryPending = true;
        World.Agenda.AddAfter(RetransmitTimeout(segment.Attempts), () =>
        {
            segment.IsRetryPending = false;
            if (_isGone || segment.IsReceived)
            {
                return;
            }

            if (World.Time.Elapsed - segment.FirstSent > GiveUpAfter(segment))
            {
                Fail(new TransportFault(TransportFaultKind.TimedOut, "connection timed out"));
            }
            else
            {
                Transmit(segment);
            }
        });
    }

    /// <summary>Whether both directions have ended and the peer knows it.</summary>
    private bool IsOver => _isFinishArrived && _isFinishHeard;

    private static TimeSpan RetransmitTimeout(int attempts)
    {
        // Linux's smallest timeout, doubled each time; the bound keeps a healed partition from being noticed late.
        var doublings = Math.Min(attempts - 1, 3);
        return TimeSpan.FromMilliseconds(200 << doublings);
    }

    /// <summary>Linux: six SYNs take 127 s; data without a user timeout about 15 minutes.</summary>
    private TimeSpan GiveUpAfter(TcpSegment segment)
    {
        if (segment.Kind is PacketKind.TcpConnect or PacketKind.TcpAccept)
        {
            return TimeSpan.FromSeconds(127);
        }

        return _options.UserTimeout > TimeSpan.Zero ? _options.UserTimeout : TimeSpan.FromMinutes(15);
    }

    private void Fail(TransportFault fault)
    {
        if (_isGone)
        {
            return;
        }

        Fault = fault;
        Forget();
        Owner?.OnSocketChanged();
    }

    private void Establish()
    {
        IsEstablished = true;
        if (_listener is not null)
        {
            _listener.EndHandshake(this);
        }

        FlushPending();
        Owner?.OnSocketChanged();
    }

    private void Forget()
    {
        if (_isGone)
        {
            return;
        }

        _isGone = true;
        if (_listener is not null && !IsEstablished)
        {
            _listener.AbandonHandshake();
        }

        _host.Remove(this);
        _pending.Clear();
        _received.Clear();
        _early.Clear();
        Owner?.OnSocketGone();
    }

    private void ForgetWhenOver()
    {
        if (_isReleased && IsOver)
        {
            Forget();
        }
    }
}
