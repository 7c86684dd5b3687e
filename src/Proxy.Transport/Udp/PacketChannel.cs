using System.Net;

namespace Proxy.Transport;

/// <summary>
/// A channel of packets alone, as a <see cref="Relays.Relay"/> takes it. It has no bytes: those that are sent are dropped. As datagrams know no
/// end, ours is that of both directions: who shuts it down is told in a later turn that the other side has finished, too.
/// </summary>
public abstract class PacketChannel : IPacketChannel, IThreadPoolWorkItem
{
    private EarlyPackets? _early;
    private IPacketHandler? _packetHandler;
    private TransportFault? _fault;
    private bool _isReceiving;
    private bool _isFinished;
    private bool _isEndTold;
    private bool _isConnecting;

    protected PacketChannel(IIoLoop loop, IChannelHandler handler)
    {
        Loop = loop;
        Handler = handler;
    }

    public IChannelHandler Handler { get; set; }

    public IPacketHandler? PacketHandler
    {
        get => _packetHandler;
        set
        {
            _packetHandler = value;
            while (!IsGone && value is not null && _early is { } early && early.TryTake(out var packet))
            {
                value.OnPacket(this, packet);
            }
        }
    }

    public abstract EndPoint? RemoteEndPoint { get; }

    public abstract EndPoint? LocalEndPoint { get; }

    public bool HasUnsent => false;

    protected IIoLoop Loop { get; }

    protected bool IsGone { get; private set; }

    public abstract UdpSendStatus SendPacket(ReadOnlySpan<byte> packet);

    public bool Send(ReadOnlySpan<byte> bytes) => true;

    public void ShutdownSend()
    {
        _isFinished = true;
        TellLater();
    }

    public void ResumeReceive()
    {
        _isReceiving = true;
        if (_isFinished && !_isEndTold)
        {
            TellLater();
        }
    }

    public void PauseReceive() => _isReceiving = false;

    public void Abort() => Leave();

    public void Close() => Leave();

    void IThreadPoolWorkItem.Execute()
    {
        if (IsGone)
        {
            return;
        }

        if (_fault is { } fault)
        {
            Leave();
            Handler.OnFailed(this, fault);
            return;
        }

        if (_isConnecting)
        {
            _isConnecting = false;
            Handler.OnConnected(this);
        }

        if (!IsGone && _isFinished && _isReceiving && !_isEndTold)
        {
            _isEndTold = true;
            Handler.OnEndOfStream(this);
        }
    }

    /// <summary>Tells that it is connected, in a later turn.</summary>
    protected void ConnectLater()
    {
        _isConnecting = true;
        TellLater();
    }

    /// <summary>Fails, in a later turn.</summary>
    protected void FailLater(TransportFault fault)
    {
        _fault ??= fault;
        TellLater();
    }

    /// <summary>A packet has come.</summary>
    protected void Deliver(ReadOnlySpan<byte> packet)
    {
        if (_packetHandler is { } handler)
        {
            handler.OnPacket(this, packet);
        }
        else
        {
            (_early ??= new EarlyPackets()).TryAdd(packet);
        }
    }

    /// <summary>Gives back what it stands on; once.</summary>
    protected abstract void Release();

    private void Leave()
    {
        if (!IsGone)
        {
            IsGone = true;
            _packetHandler = null;
            _early = null;
            Release();
        }
    }

    private void TellLater() => Loop.Post(this);
}
