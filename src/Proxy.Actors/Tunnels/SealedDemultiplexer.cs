using System.Buffers;
using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>
/// Sorts a server's sealed datagrams by the tunnel that they name, wherever they come from, and answers hellos. Who has no key meets silence.
/// Arithmetic that takes long is asked of the listener's actor. For the loop's thread only.
/// </summary>
internal sealed class SealedDemultiplexer : IUdpHandler, IDisposable
{
    private readonly NodeEnvironment _environment;
    private readonly LiveServer _server;
    private readonly SealedSecrets _secrets;
    private readonly TimeProvider _time;
    private readonly IActorRef _listener;
    private readonly LoopDispatcher _dispatcher;
    private readonly Func<Random> _createRandom;
    private readonly ServerHandshakeSettings _shared;
    private readonly ServerHandshake _handshake;
    private readonly ResetAnswers _resets;
    private readonly Dictionary<ulong, SealedTunnel> _tunnels = [];
    private readonly Queue<SealedTunnel> _halfOpen = new();
    private readonly IDeadline _expiry;
    private readonly Func<SealedTunnel, NativeTunnelEngine> _makeEngine;
    private readonly SealedSockets _sockets;
    private readonly int _index;
    private readonly IPEndPoint _asked;
    private int _agreeing;
    private long _datagramsIgnored;
    private long _datagramsPassedOn;
    private long _datagramsNotPassedOn;
    private bool _isOpening = true;

    /// <param name="environment">What the node stands on.</param>
    /// <param name="server">Asked anew for each tunnel.</param>
    /// <param name="secrets">The node's.</param>
    /// <param name="sockets">Those that share the address.</param>
    /// <param name="index">Of this one's socket among them.</param>
    /// <param name="asked">Their address as the settings have it.</param>
    /// <param name="listener">Who is asked for arithmetic, and told of tunnels.</param>
    /// <param name="dispatcher">Of the loop.</param>
    /// <param name="system">The node's.</param>
    public SealedDemultiplexer(
        NodeEnvironment environment,
        LiveServer server,
        SealedSecrets secrets,
        SealedSockets sockets,
        int index,
        IPEndPoint asked,
        IActorRef listener,
        LoopDispatcher dispatcher,
        ActorSystem system)
    {
        _sockets = sockets;
        _index = index;
        _asked = asked;
        _environment = environment;
        _server = server;
        _secrets = secrets;
        _time = system.TimeProvider;
        _createRandom = system.CreateRandom;
        _listener = listener;
        _dispatcher = dispatcher;
        _shared = secrets.Handshake;
        _handshake = new ServerHandshake(_shared, environment.Secrets, Now);
        _resets = new ResetAnswers(_shared.TunnelIds, Now);
        _expiry = dispatcher.Loop.CreateDeadline(Expire);
        _makeEngine = MakeEngine;
    }

    public TunnelListenerStatus Status(string listen) => new(
        listen,
        _handshake.HalfOpen,
        HelloCounts.Of(_handshake),
        _resets.Sent,
        _datagramsIgnored)
    {
        DatagramsPassedOn = _datagramsPassedOn,
        DatagramsNotPassedOn = _datagramsNotPassedOn,
    };

    public void Remove(SealedTunnel tunnel)
    {
        if (_tunnels.Remove(tunnel.Id))
        {
            _handshake.Release(tunnel.Id);
            tunnel.Dispose();
        }
    }

    /// <summary>Keys may be others from now on.</summary>
    public void TakeKeys() => _handshake.Change(_secrets.Handshake);

    /// <summary>From now on nobody new is let in.</summary>
    public void StopOpening() => _isOpening = false;

    /// <summary>The arithmetic for a hello is done, or has failed: answers it, and keeps the tunnel half open.</summary>
    public void HandleAgreed(IUdpEndpoint endpoint, PendingHello pending, in UdpAddress from)
    {
        _agreeing--;
        if (!pending.IsAgreed || !_isOpening)
        {
            pending.Dispose();
            return;
        }

        var id = _shared.TunnelIds.Draw(_environment.Secrets);
        while (_tunnels.ContainsKey(id) || _sockets.OwnerOf(id) != _index)
        {
            id = _shared.TunnelIds.Draw(_environment.Secrets);
        }

        if (_handshake.Complete(pending, id, HandshakeTerms.Of(Own), Now, out var reply) is { } established)
        {
            var tunnel = new SealedTunnel(established, from, Now + (long)_shared.HalfOpenTimeout.TotalMicroseconds);
            _tunnels.Add(id, tunnel);
            _halfOpen.Enqueue(tunnel);
            SetExpiry();
            endpoint.Send(reply.Span, reply.Length, from);
        }
    }

    public void OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        // Almost always all of them are one tunnel's; a client with several to us may have them mixed.
        while (!datagrams.IsEmpty)
        {
            var key = KeyOf(datagrams);
            var length = Math.Min(segmentSizeBytes, datagrams.Length);
            while (length < datagrams.Length && KeyOf(datagrams[length..]) == key)
            {
                length = Math.Min(length + segmentSizeBytes, datagrams.Length);
            }

            HandleRun(endpoint, key, datagrams[..length], segmentSizeBytes, from);
            datagrams = datagrams[length..];
        }
    }

    public void OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
        // Each link has asked for its turn with its first datagram.
    }

    public void OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
        // Only connected endpoints hear of it.
    }

    public void Dispose()
    {
        _expiry.Cancel();
        foreach (var tunnel in _tunnels.Values)
        {
            tunnel.Dispose();
        }
    }

    private long Now => _dispatcher.Loop.NowMicroseconds;

    /// <summary>Kind and receiver of the first datagram, as far as it is long enough to have them.</summary>
    private static (byte Kind, ulong Receiver) KeyOf(ReadOnlySpan<byte> datagrams) =>
        datagrams.Length < DatagramHeader.Bytes ? default : (datagrams[0], DatagramHeader.ReceiverOf(datagrams));

    private void HandleRun(IUdpEndpoint endpoint, (byte Kind, ulong Receiver) key, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (key.Kind == (byte)DatagramKind.Data)
        {
            if (_tunnels.TryGetValue(key.Receiver, out var tunnel))
            {
                HandleData(tunnel, datagrams, segmentSizeBytes, from);
            }
            else if (TunnelIds.GenerationOf(key.Receiver) is var generation && generation != _environment.Generations.Own)
            {
                HandleOther(endpoint, datagrams, segmentSizeBytes, from);
            }
            else if (_sockets.OwnerOf(key.Receiver) is var owner && owner != _index)
            {
                PassOn(owner, datagrams, segmentSizeBytes, from);
            }
            else
            {
                // One answer for all of them: it says the same again.
                AnswerUnknown(endpoint, datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)], from);
            }
        }
        else if (key.Kind == (byte)DatagramKind.Hello)
        {
            // Others of the run come again if they were worth anything.
            HandleHello(endpoint, datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)], from);
        }
        else
        {
            _datagramsIgnored++;
        }
    }

    /// <summary>Of a tunnel that another process made: one that drains, one that is about to take over, or one that is no more.</summary>
    private void HandleOther(IUdpEndpoint endpoint, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        var generations = _environment.Generations;
        if (generations.PassToOlder?.Invoke(_asked, datagrams, segmentSizeBytes, from) == true)
        {
            _datagramsPassedOn += (datagrams.Length + segmentSizeBytes - 1) / segmentSizeBytes;
        }
        else if (!generations.IsBeingReplaced)
        {
            AnswerUnknown(endpoint, datagrams[..Math.Min(segmentSizeBytes, datagrams.Length)], from);
        }
    }

    private void HandleData(SealedTunnel tunnel, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        if (tunnel.Link is { } link)
        {
            link.HandleDatagrams(datagrams, segmentSizeBytes, from);
            return;
        }

        var wasHalfOpen = tunnel.IsHalfOpen;
        tunnel.HandleEarly(datagrams, segmentSizeBytes, from, _makeEngine, Now);
        if (wasHalfOpen && !tunnel.IsHalfOpen)
        {
            _handshake.Release(tunnel.Id);
            _listener.Tell(new SealedListenerActor.Open(tunnel), ActorRefs.NoSender);
        }
    }

    private NativeTunnelSettings Own => _server.Settings.Native!.Tunnel;

    /// <summary>Its sender has another address than it began with, or the system does not know which socket is whose.</summary>
    private void PassOn(int owner, ReadOnlySpan<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        var count = (datagrams.Length + segmentSizeBytes - 1) / segmentSizeBytes;
        if (_sockets.TryPass(owner, datagrams, segmentSizeBytes, from))
        {
            _datagramsPassedOn += count;
        }
        else
        {
            _datagramsNotPassedOn += count;
        }
    }

    private NativeTunnelEngine MakeEngine(SealedTunnel tunnel) => new(
        TunnelRole.Server, tunnel.Agree(Own) with { Places = _environment.Cluster.Load.Places }, tunnel.Seal, TunnelLink.PathOf(tunnel.From), _dispatcher.Pool, _createRandom(), Now);

    private void AnswerUnknown(IUdpEndpoint endpoint, ReadOnlySpan<byte> datagram, in UdpAddress from)
    {
        Span<byte> answer = stackalloc byte[ResetMessage.Bytes];
        if (_resets.TryAnswer(datagram, Now, answer))
        {
            endpoint.Send(answer, answer.Length, from);
        }
        else
        {
            _datagramsIgnored++;
        }
    }

    private void HandleHello(IUdpEndpoint endpoint, ReadOnlySpan<byte> datagram, in UdpAddress from)
    {
        if (!_isOpening || !_sockets.AreOpen || _tunnels.Count + _agreeing >= _sockets.ShareOf(_server.Settings.MaximumTunnels))
        {
            _datagramsIgnored++;
            return;
        }

        Span<byte> address = stackalloc byte[AddressBytes];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(address, from.Host);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(address[16..], (ushort)from.Port);
        Span<byte> answer = stackalloc byte[SealingLimits.HandshakeBytes];
        _handshake.HandleHello(datagram, address, Now, _time.GetUtcNow(), answer, out var answerBytes, out var pending);
        if (answerBytes > 0)
        {
            endpoint.Send(answer[..answerBytes], answerBytes, from);
        }

        if (pending is not null)
        {
            _agreeing++;
            _listener.Tell(new SealedListenerActor.Agree(pending, from), ActorRefs.NoSender);
        }
    }

    private void Expire()
    {
        while (_halfOpen.TryPeek(out var oldest) && (!oldest.IsHalfOpen || Now >= oldest.ExpiresMicroseconds))
        {
            _halfOpen.Dequeue();
            if (oldest.IsHalfOpen)
            {
                Remove(oldest);
            }
        }

        SetExpiry();
    }

    private void SetExpiry()
    {
        if (_halfOpen.TryPeek(out var oldest))
        {
            _expiry.Set(oldest.ExpiresMicroseconds);
        }
    }

    // IPv6 address and port.
    private const int AddressBytes = 18;
}
