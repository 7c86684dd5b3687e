using System.Buffers.Binary;
using Proxy.Kernel;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Transport.Tls;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>The same messages as over datagrams, said once each: what carries them loses nothing. Arithmetic is done aside.</summary>
internal sealed partial class StreamTunnelActor
{
    private ClientHandshake? _handshake;
    private long _helloMicroseconds;
    private long _answerMicroseconds;             // a round trip, and what the server needed for its arithmetic

    private sealed record Prepared(ClientHandshake Handshake);

    private sealed record Agreed(EstablishedTunnel? Tunnel);

    /// <summary>The server has proved who it is.</summary>
    private sealed record Opened
    {
        public static readonly Opened Instance = new();
    }

    private void Prepare(IChannel channel)
    {
        var settings = new ClientHandshakeSettings
        {
            Key = _native.Key,
            TunnelId = DrawId(),
            Settings = HandshakeTerms.Of(_native.Tunnel),
            ServerKey = _native.ServerKey,
            Session = _native.Session,
            Timeout = _settings.Tunnel.HandshakeTimeout,
        };
        var (now, utcNow, secrets) = (Now, UtcNow, _environment.Secrets);
        Become(() => Preparing(channel));
        _ = _environment.RunAside(() => new ClientHandshake(settings, secrets, now, utcNow)).PipeTo(Self, success: handshake => new Prepared(handshake));
    }

    // States

    private void Preparing(IChannel channel)
    {
        Receive<Prepared>(prepared =>
        {
            _handshake = prepared.Handshake;
            SayHello(prepared.Handshake, channel);
        });
        ReceiveInHandshake();
    }

    private void SayingHello(ClientHandshake handshake, IChannel channel)
    {
        Receive<HelloChannel.Message>(message =>
        {
            _answerMicroseconds = Now - _helloMicroseconds;
            var (now, utcNow) = (Now, UtcNow);
            if (message.Bytes is [(byte)DatagramKind.HelloReply, ..])
            {
                Become(() => Agreeing(channel));
                _ = _environment.RunAside(() => handshake.HandleDatagram(message.Bytes, now, utcNow))
                    .PipeTo(Self, success: tunnel => new Agreed(tunnel));
                return;
            }

            handshake.HandleDatagram(message.Bytes, now, utcNow);
            SayHello(handshake, channel);
        });
        ReceiveInHandshake();
    }

    private void Agreeing(IChannel channel)
    {
        Receive<Agreed>(agreed =>
        {
            if (agreed.Tunnel is { } tunnel)
            {
                Open(tunnel, channel);
            }
            else
            {
                GiveUp(EndReason.HandshakeTimeout, "an answer that was not sealed with our key: the server has another one, or somebody forges");
            }
        });
        ReceiveInHandshake();
    }

    private void Opening(TunnelLink link, string seal)
    {
        Receive<TunnelEvents.Ready>(_ => { });
        Receive<Opened>(_ =>
        {
            Context.Timers.Cancel(Timer.Deadline);
            _log.Ready($"{seal}, answered within {_answerMicroseconds / 1000} ms", _history, Now);
            Become(Ready);
            _pool.Tell(new TunnelPoolActor.TunnelReady(link, _server));
        });
        Receive<TunnelEvents.Closed>(closed => GiveUp(closed.Reason, closed.Text));
        ReceiveInHandshake();
    }

    private void ReceiveInHandshake()
    {
        Receive<HelloChannel.Secured>(_ => { });
        Receive<HelloChannel.Gone>(gone =>
            GiveUp(EndReason.HandshakeTimeout, $"{gone.Fault.Text} during the handshake: the server has another key, or it is no server of ours"));
        Receive<Status.Failure>(failure => GiveUp(EndReason.InternalError, failure.Cause.Message));
        Receive<Timer>(_ => GiveUp(EndReason.HandshakeTimeout, "no answer: nothing that knows us is there"));
    }

    /// <summary>Says hello, the first time or with the cookie that the server wants; a server that wants anything else gets nothing.</summary>
    private void SayHello(ClientHandshake handshake, IChannel channel)
    {
        Span<byte> hello = stackalloc byte[SealingLimits.HandshakeBytes];
        if (!handshake.TryGetDatagram(Now, hello, out var length))
        {
            GiveUp(EndReason.HandshakeTimeout, "an answer that makes no sense: the server has another key, or somebody forges");
            return;
        }

        Become(() => SayingHello(handshake, channel));
        channel.Send(hello[..length]);
        _helloMicroseconds = Now;
        _hello.Next(channel);
    }

    private void Open(EstablishedTunnel tunnel, IChannel channel)
    {
        if (_handshake!.ClockDifference is { } difference && difference.Duration() > SealingLimits.ClockTolerance)
        {
            _log.ClockDiffers(difference);
        }

        var dispatcher = Dispatcher;
        var engine = new OrderedTunnelEngine(
            TunnelRole.Client, HandshakeTerms.Agree(_native.Tunnel, tunnel.PeerSettings), dispatcher.Pool, Context.System.CreateRandom(), Now);
        var (session, self) = ((channel as TlsChannel)?.Session, Self);
        var carrier = new StreamCarrier(
            dispatcher.Loop,
            channel,
            tunnel.Session.IntoRecords(),
            session is null ? default : session.ServerCertificateHash.Span,
            dispatcher.Pool,
            () => self.Tell(Opened.Instance, ActorRefs.NoSender));
        var link = new TunnelLink(dispatcher.Loop, engine, new TunnelEvents(self), seal: null);
        (_channel, _carrier, _link) = (null, carrier, link);
        Become(() => Opening(link, session is null ? $"sealed by {tunnel.Session.CipherName}" : session.ToString()));
        carrier.Start(link, engine, _hello);
    }

    private ulong DrawId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong id;
        do
        {
            _environment.Secrets.Fill(bytes);
            id = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        }
        while (id == 0);
        return id;
    }
}
