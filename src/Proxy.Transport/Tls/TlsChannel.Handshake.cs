namespace Proxy.Transport.Tls;

public sealed partial class TlsChannel
{
    // Until then the SslStream is the worker's, and is let go of when the worker is done.
    private bool _isHandshakeDone;

    /// <summary>Begins the handshake over a channel that is connected. Its deadline begins here.</summary>
    public void Start()
    {
        if (_phase != Phase.Waiting)
        {
            return;
        }

        _phase = Phase.Handshaking;
        SetDeadline();
        _settings.Offload(new Handshake(this));
        _raw.ResumeReceive();
    }

    private void SetDeadline() => _deadline.Set(_loop.NowMicroseconds + (long)_settings.HandshakeTimeout.TotalMicroseconds);

    private void HandleDeadline() => Guarded(static channel =>
    {
        if (channel._phase == Phase.Open)
        {
            channel.Renew();
            return;
        }

        var seconds = channel._settings.HandshakeTimeout.TotalSeconds;
        channel.Fail(new TransportFault(TransportFaultKind.TimedOut, $"no TLS handshake within {seconds:0.###} s"));
    });

    private void HandleOutput(byte[] bytes)
    {
        if (_phase != Phase.Gone)
        {
            _raw.Send(bytes);
        }
    }

    private void HandleRoom()
    {
        if (_phase == Phase.Handshaking)
        {
            _raw.ResumeReceive();
        }
    }

    private void HandleHandshakeDone(TlsSession? session, TransportFault fault)
    {
        _isHandshakeDone = true;
        if (_phase == Phase.Gone)
        {
            _tls.Dispose();
            return;
        }

        _deadline.Cancel();
        _stream.EnterLoop();
        if (session is null)
        {
            FailInOrder(fault);
            return;
        }

        (_phase, Session) = (Phase.Open, session);
        var hasKept = !_kept.IsEmpty;
        SendKept();
        if (_isClosing)
        {
            Finish();
            return;
        }

        if (_isShutdownAsked)
        {
            SendEnd();
        }

        if (_isPaused)
        {
            _raw.PauseReceive();
        }

        Handler.OnConnected(this);
        if (hasKept && _isTaken && _phase == Phase.Open)
        {
            Handler.OnSendDrained(this);
        }

        if (_phase == Phase.Open)
        {
            ReceiveOn();
        }
    }

    /// <summary>The handshake as a worker does it: nothing of the channel but its streams is touched from there.</summary>
    private sealed class Handshake(TlsChannel channel) : IThreadPoolWorkItem
    {
        private TlsSession? _session;
        private TransportFault _fault;

        public void Execute() => _ = RunAsync();

        private async Task RunAsync()
        {
            try
            {
                _session = await channel._role.AuthenticateAsync(channel._tls);
            }
            catch (Exception failure)
            {
                _fault = TlsFaults.From(failure);
            }

            channel._loop.Post(new Done(this));
        }

        private sealed class Done(Handshake handshake) : IThreadPoolWorkItem
        {
            public void Execute()
            {
                var channel = handshake.Channel;
                channel.Guarded(_ => channel.HandleHandshakeDone(handshake._session, handshake._fault));
            }
        }

        private TlsChannel Channel => channel;
    }

    /// <summary>What the stream needs while its reader is a worker.</summary>
    private sealed class Owner(TlsChannel channel) : ITlsStreamOwner
    {
        public void Offload(IThreadPoolWorkItem work) => channel._settings.Offload(work);

        public void PostOutput(byte[] bytes) => channel._loop.Post(new Work(() => channel.HandleOutput(bytes)));

        public void Output(ReadOnlySpan<byte> bytes) => channel.Output(bytes);

        public void OnRoom() => channel._loop.Post(new Work(channel.HandleRoom));
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
