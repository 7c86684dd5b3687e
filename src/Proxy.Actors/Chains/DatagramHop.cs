using System.Buffers;
using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// One sender's datagrams to a hop, without the headers that they begin with; and back to it, with this hop's response in front. Before the second one
/// that is sealed has come from there, at most three times what came goes back: it may not be who it says. For the loop's thread only.
/// </summary>
internal sealed class DatagramHop : IPacketChannel, IPacketHandler
{
    private readonly UdpFlow _inner;
    private readonly DatagramGate _gate;
    private readonly TimeProvider _clock;
    private readonly IActorRef _owner;
    private EarlyPackets? _early;
    private IPacketHandler? _packetHandler;
    private DatagramFlow? _flow;
    private long _creditBytes;
    private bool _isConfirmed;
    private bool _isGone;

    /// <param name="inner">Its own from now on.</param>
    /// <param name="owner">Told of the first datagram, by <see cref="RequestReader.Arrived"/> or <see cref="Unsealed"/>.</param>
    public DatagramHop(UdpFlow inner, DatagramGate gate, TimeProvider clock, IActorRef owner, IIoLoop loop, IChannelHandler handler)
    {
        (_inner, _gate, _clock, _owner) = (inner, gate, clock, owner);
        inner.Adopt(handler);
        Loop = loop;
    }

    /// <summary>What came is nobody's who has a key, or came before: it is met by silence.</summary>
    internal sealed record Unsealed(string Why);

    public IIoLoop Loop { get; }

    public IChannelHandler Handler
    {
        get => _inner.Handler;
        set => _inner.Handler = value;
    }

    public IPacketHandler? PacketHandler
    {
        get => _packetHandler;
        set
        {
            _packetHandler = value;
            while (!_isGone && value is not null && _early is { } early && early.TryTake(out var packet))
            {
                value.OnPacket(this, packet);
            }
        }
    }

    public EndPoint? RemoteEndPoint => _inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _inner.LocalEndPoint;

    public bool HasUnsent => false;

    /// <summary>Begins to hear; the first datagram may have come.</summary>
    public void Start() => _inner.PacketHandler = this;

    public UdpSendStatus SendPacket(ReadOnlySpan<byte> packet) => Answer(new ChainResponse(ChainStatus.Ok), packet);

    /// <summary>A response alone: why there will be nothing from behind this hop.</summary>
    public void Refuse(ChainStatus status, string text) => Answer(new ChainResponse(status, text), default);

    public bool Send(ReadOnlySpan<byte> bytes) => true;

    public void ShutdownSend() => _inner.ShutdownSend();

    public void ResumeReceive() => _inner.ResumeReceive();

    public void PauseReceive() => _inner.PauseReceive();

    /// <summary>Something behind was lost. Whoever sends would not find that out by itself.</summary>
    public void Abort()
    {
        Refuse(ChainStatus.Refused, "the way behind this hop was lost");
        Leave();
        _inner.Abort();
    }

    public void Close()
    {
        Leave();
        _inner.Close();
    }

    /// <summary>Nothing more from there is looked at for a moment.</summary>
    public void Ignore()
    {
        Leave();
        _inner.Refuse();
    }

    void IPacketHandler.OnPacket(IPacketChannel channel, ReadOnlySpan<byte> packet)
    {
        if (_isGone)
        {
            return;
        }

        var bytes = packet.Length;
        if (_flow is null)
        {
            if (!_gate.TryBegin(packet, _clock.GetUtcNow().ToUnixTimeMilliseconds(), out var flow, out var why))
            {
                _isGone = true;
                _owner.Tell(new Unsealed(why), ActorRefs.NoSender);
                return;
            }

            _flow = flow;
            packet = packet[flow.FirstHeaderBytes..];
            _owner.Tell(new RequestReader.Arrived(ArrivalOf(flow), []), ActorRefs.NoSender);
        }
        else if (_flow.TryTake(ref packet))
        {
            _isConfirmed = true;
        }
        else
        {
            return;
        }

        _creditBytes += MostTimes * (long)bytes;
        if (_packetHandler is { } handler)
        {
            handler.OnPacket(this, packet);
        }
        else
        {
            (_early ??= new EarlyPackets()).TryAdd(packet);
        }
    }

    private static ChainArrival ArrivalOf(DatagramFlow flow) => flow.Request is { } request
        ? new ChainArrival(request, 0, ChainAnswer.Open(), flow.Principal)
        : new ChainArrival(null, 0, ChainAnswer.Open(), flow.Principal, ChainStatus.Malformed, "the chain header is malformed");

    private UdpSendStatus Answer(ChainResponse response, ReadOnlySpan<byte> packet)
    {
        if (_isGone || _flow is not { } flow)
        {
            return UdpSendStatus.Failed;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(DatagramFlow.MaxResponseBytes + packet.Length);
        var length = flow.WriteResponse(buffer, response);
        packet.CopyTo(buffer.AsSpan(length));
        length += packet.Length;
        var status = UdpSendStatus.WouldBlock;
        if (_isConfirmed || length <= _creditBytes)
        {
            _creditBytes -= length;
            status = _inner.SendPacket(buffer.AsSpan(0, length));
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return status;
    }

    private void Leave()
    {
        _isGone = true;
        _packetHandler = null;
        _early = null;
        _flow?.Dispose();
        _flow = null;
    }

    private const int MostTimes = 3;
}
