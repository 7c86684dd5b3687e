using System.Buffers.Binary;
using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Tunnels;
using Proxy.Transport;
using Proxy.Tunnel;
using Proxy.Tunnel.Native;

namespace Proxy.Actors;

/// <summary>
/// The sealed dialect: hello, and again until there is an answer; arithmetic aside, so that the loop's other connections do not wait for it;
/// then the tunnel, which moves to another socket when the system does not send from its address any more, or its server has gone silent.
/// </summary>
internal sealed partial class TunnelActor
{
    private readonly Queue<SealedClientDatagrams.Answer> _answersHeldBack = new();
    private ClientHandshake? _handshake;
    private int _looks;
    private int _looksAfterFailure;
    private long _helloMicroseconds;
    private long _answerMicroseconds;             // a round trip, and what the server needed for its arithmetic

    /// <summary>One handshake, before anything is known of its outcome.</summary>
    private sealed record Attempt(NativeClientSettings Native, IPEndPoint Peer, SealedClientDatagrams Datagrams);

    private sealed record Prepared(ClientHandshake Handshake);

    private sealed record Agreed(EstablishedTunnel? Tunnel);

    /// <summary>The system did not send a datagram.</summary>
    private sealed record SendFailed
    {
        public static readonly SendFailed Instance = new();
    }

    /// <summary>Time to see whether there is another address by now.</summary>
    private sealed record LookAgain
    {
        public static readonly LookAgain Instance = new();
    }

    private void BeginHandshake(NativeClientSettings native, IPEndPoint peer)
    {
        var datagrams = new SealedClientDatagrams(Self);
        if (!TryOpenSocket(peer, datagrams, out var endpoint, out var fault))
        {
            GiveUp(EndReason.Unreachable, fault.Text);
            return;
        }

        _endpoint = endpoint;
        var settings = new ClientHandshakeSettings
        {
            Key = native.Key,
            TunnelId = DrawId(),
            Settings = HandshakeTerms.Of(native.Tunnel),
            ServerKey = native.ServerKey,
            Session = native.Session,
            Timeout = _settings.Tunnel.HandshakeTimeout,
        };
        var (now, utcNow, secrets) = (Now, UtcNow, _environment.Secrets);
        Become(() => Preparing(new Attempt(native, peer, datagrams)));
        _ = _environment.RunAside(() => new ClientHandshake(settings, secrets, now, utcNow)).PipeTo(Self, success: handshake => new Prepared(handshake));
    }

    // States

    private void Preparing(Attempt attempt)
    {
        Receive<Prepared>(prepared =>
        {
            _handshake = prepared.Handshake;
            SayHello(prepared.Handshake, attempt);
        });
        ReceiveInHandshake();
    }

    private void SayingHello(ClientHandshake handshake, Attempt attempt)
    {
        Receive<SealedClientDatagrams.Answer>(answer =>
        {
            attempt.Datagrams.HandleTaken();
            _answerMicroseconds = Now - _helloMicroseconds;
            if (answer.Datagram is [(byte)DatagramKind.HelloReply, ..])
            {
                var (now, utcNow) = (Now, UtcNow);
                Become(() => Agreeing(handshake, attempt));
                _ = _environment.RunAside(() => handshake.HandleDatagram(answer.Datagram, now, utcNow))
                    .PipeTo(Self, success: tunnel => new Agreed(tunnel));
                return;
            }

            handshake.HandleDatagram(answer.Datagram, Now, UtcNow);
            SayHello(handshake, attempt);
        });
        Receive<Timer>(_ => SayHello(handshake, attempt));
        ReceiveInHandshake();
    }

    /// <summary>An answer is looked at elsewhere; the handshake is not touched meanwhile.</summary>
    private void Agreeing(ClientHandshake handshake, Attempt attempt)
    {
        Receive<Agreed>(agreed => agreed.Tunnel is null, _ => SayHello(handshake, attempt));
        Receive<Agreed>(agreed => HandleAgreed(agreed.Tunnel!, handshake, attempt));

        // It may be the true answer behind a forged one.
        Receive<SealedClientDatagrams.Answer>(_answersHeldBack.Enqueue);
        Receive<Timer>(_ => { });
        ReceiveInHandshake();
    }

    private void SealedReady(TunnelLink link, Attempt attempt)
    {
        Receive<TunnelEvents.Ready>(_ => { });
        Receive<TunnelEvents.News>(HandleNews);
        Receive<TunnelEvents.Announced>(told => _pool.Tell(new TunnelPoolActor.TunnelAnnounced(told.Announcement)));
        Receive<TunnelEvents.Suspected>(suspected =>
        {
            _log.Suspected(suspected.Why);
            _pool.Tell(TunnelPoolActor.TunnelSuspected.Instance);
            Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, LookAtRouteAfter);
            MoveIfRouteChanged(link, attempt);
        });
        Receive<TunnelEvents.Trusted>(_ =>
        {
            _pool.Tell(TunnelPoolActor.TunnelTrusted.Instance);
            _log.Trusted();
            Context.Timers.Cancel(Timer.Deadline);
        });
        Receive<Timer>(_ =>
        {
            Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, LookAtRouteAfter);
            MoveIfRouteChanged(link, attempt);
        });
        Receive<SendFailed>(_ =>
        {
            _looksAfterFailure = LooksAfterFailure;
            LookAfterFailure(link, attempt);
        });
        Receive<LookAgain>(_ => LookAfterFailure(link, attempt));
        Receive<TunnelEvents.Closed>(HandleClosed);
    }

    private void ReceiveInHandshake()
    {
        Receive<SealedClientDatagrams.Refused>(refused => GiveUp(EndReason.Refused, $"nobody listens there ({refused.Fault.Text})"));
        Receive<Status.Failure>(failure => GiveUp(EndReason.InternalError, failure.Cause.Message));
    }

    private void SayHello(ClientHandshake handshake, Attempt attempt)
    {
        Become(() => SayingHello(handshake, attempt));
        Span<byte> hello = stackalloc byte[SealingLimits.HandshakeBytes];
        if (handshake.TryGetDatagram(Now, hello, out var length))
        {
            _endpoint!.Send(hello[..length], length, default);
            _helloMicroseconds = Now;
        }

        if (handshake.State == ClientHandshakeState.Failed)
        {
            GiveUp(EndReason.HandshakeTimeout, handshake.Refused > 0
                ? "no answer that was sealed with our key: the server has another one, or somebody forges"
                : "no answer: wrong key, or nothing there");
            return;
        }

        var wait = Math.Max(1, handshake.DeadlineMicroseconds - Now);
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, TimeSpan.FromMicroseconds(wait));
        if (_answersHeldBack.TryDequeue(out var answer))
        {
            Self.Tell(answer);
        }
    }

    private void HandleAgreed(EstablishedTunnel tunnel, ClientHandshake handshake, Attempt attempt)
    {
        Context.Timers.Cancel(Timer.Deadline);
        if (handshake.ClockDifference is { } difference && difference.Duration() > SealingLimits.ClockTolerance)
        {
            _log.ClockDiffers(difference);
        }

        var dispatcher = (LoopDispatcher)Context.Dispatcher;
        var seal = new SessionSeal(tunnel.Session);
        var address = UdpAddress.From(attempt.Peer);
        var engine = new NativeTunnelEngine(
            TunnelRole.Client, HandshakeTerms.Agree(attempt.Native.Tunnel, tunnel.PeerSettings), seal, TunnelLink.PathOf(address), dispatcher.Pool,
            Context.System.CreateRandom(), Now);
        var link = new TunnelLink(dispatcher.Loop, engine, new TunnelEvents(Self), seal);
        _link = link;
        var self = Self;
        link.OnSendFailed = () => self.Tell(SendFailed.Instance, ActorRefs.NoSender);
        attempt.Datagrams.Attach(link, tunnel.Session);
        _log.Ready($"sealed by {tunnel.Session.CipherName}, datagrams of {engine.PresentDatagramBytes} bytes, answered within {_answerMicroseconds / 1000} ms", _history, Now);
        BecomeReady(link);
        Become(() => SealedReady(link, attempt));
        link.Start(_endpoint!, address);
    }

    /// <summary>
    /// A connected socket keeps the address that it had when it was opened, though the machine may have another one by now: so a silence is
    /// the time for a new one. When the address is the same, the old socket stays, unless the silence goes on: then another port may pass where
    /// the present one does not any more.
    /// </summary>
    private void MoveIfRouteChanged(TunnelLink link, Attempt attempt)
    {
        if (link.Native is not { IsSuspect: true })
        {
            Context.Timers.Cancel(Timer.Deadline);
            return;
        }

        _looks++;
        TryMove(link, attempt, isSameAddressEnough: _looks % LooksUntilMoved == 0);
    }

    /// <summary>
    /// What the system refuses to send tells sooner than any silence that the address is gone. The new one may take a moment, and then the
    /// silence has the word.
    /// </summary>
    private void LookAfterFailure(TunnelLink link, Attempt attempt)
    {
        if (TryMove(link, attempt, isSameAddressEnough: false) || --_looksAfterFailure <= 0)
        {
            Context.Timers.Cancel(LookAgain.Instance);
            return;
        }

        Context.Timers.StartSingleTimer(LookAgain.Instance, LookAgain.Instance, LookAfterFailureAfter);
    }

    private bool TryMove(TunnelLink link, Attempt attempt, bool isSameAddressEnough)
    {
        if (!TryOpenSocket(attempt.Peer, attempt.Datagrams, out var endpoint, out _))
        {
            return false;
        }

        var hasSameAddress = endpoint.LocalEndPoint.Address.Equals(_endpoint!.LocalEndPoint.Address);
        if (hasSameAddress && !isSameAddressEnough)
        {
            endpoint.Close();
            return false;
        }

        _endpoint.Close();
        _endpoint = endpoint;
        link.MoveTo(endpoint);
        _log.Moved(hasSameAddress ? "as the silence goes on" : $"as our address is {endpoint.LocalEndPoint.Address} now");
        return true;
    }

    private long Now => ((LoopDispatcher)Context.Dispatcher).Loop.NowMicroseconds;

    private DateTimeOffset UtcNow => Context.System.TimeProvider.GetUtcNow();

    /// <summary>Half random, half a number that spreads this node's tunnels over a server's sockets; never 0.</summary>
    private ulong DrawId()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong id;
        do
        {
            _environment.Secrets.Fill(bytes[..sizeof(uint)]);
            BinaryPrimitives.WriteUInt32BigEndian(bytes[sizeof(uint)..], _environment.NextTunnelNumber());
            id = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        }
        while (id == 0);
        return id;
    }

    private static readonly TimeSpan LookAtRouteAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAfterFailureAfter = TimeSpan.FromMilliseconds(200);
    private const int LooksUntilMoved = 5;
    private const int LooksAfterFailure = 5;
}
