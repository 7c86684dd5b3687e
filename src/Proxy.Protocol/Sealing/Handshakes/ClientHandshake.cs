using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// A client's half of one handshake. Ask <see cref="TryGetDatagram"/> at the start, after each <see cref="HandleDatagram"/>, and at
/// <see cref="DeadlineMicroseconds"/>; give every datagram that is no data to <see cref="HandleDatagram"/> until it returns the tunnel. A hello
/// is repeated byte by byte; what does not authenticate is counted and has no effect. Opening a reply takes half a millisecond. Not thread-safe.
/// </summary>
public sealed class ClientHandshake : IDisposable
{
    /// <summary>Cookies taken in one handshake; an honest server asks once, or twice when its minute ends.</summary>
    private const int MaximumRetries = 4;

    /// <summary>Replies that an agreement is computed for; each costs half a millisecond, and who is on the way could forge any number.</summary>
    private const int MaximumReplies = 64;

    private readonly ClientHandshakeSettings _settings;
    private readonly IRandomBytes _random;
    private readonly P256Key _ephemeral;
    private readonly byte[] _hello = new byte[SealingLimits.HandshakeBytes];
    private readonly long _endMicroseconds;
    private byte[] _cookie = [];
    private long _repeatMicroseconds;
    private long _repeatAfterMicroseconds;
    private int _retries;
    private int _replies;
    private SecretBytes? _staticAgreed;

    public ClientHandshake(ClientHandshakeSettings settings, IRandomBytes random, long nowMicroseconds, DateTimeOffset utcNow)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(random);
        if (settings.TunnelId == 0)
        {
            throw new ArgumentException("A tunnel's id is not 0.", nameof(settings));
        }

        if (!settings.ServerKey.IsEmpty && !P256.IsPoint(settings.ServerKey.Span))
        {
            throw new ArgumentException("The server's key is no public key of P-256.", nameof(settings));
        }

        _settings = settings;
        _random = random;
        using var scalar = P256.DrawScalar(random);
        _ephemeral = new P256Key(scalar);
        _endMicroseconds = nowMicroseconds + ToMicroseconds(settings.Timeout);
        Begin(nowMicroseconds, utcNow);
    }

    public ClientHandshakeState State { get; private set; }

    /// <summary>When to ask <see cref="TryGetDatagram"/> again; <see cref="long.MaxValue"/> when it is over.</summary>
    public long DeadlineMicroseconds =>
        State == ClientHandshakeState.Waiting ? Math.Min(_repeatMicroseconds, _endMicroseconds) : long.MaxValue;

    /// <summary>The server's clock minus ours, when a server asked for a cookie and so told; more than a minute is worth a line in the log.</summary>
    public TimeSpan? ClockDifference { get; private set; }

    /// <summary>Hellos sent, repetitions included.</summary>
    public int HellosSent { get; private set; }

    /// <summary>Datagrams that did not authenticate. Some, and no tunnel: the server has another key than we think, or somebody forges.</summary>
    public int Refused { get; private set; }

    /// <summary>Writes the hello when one is due, or notes that the time is up.</summary>
    /// <param name="target">Room for <see cref="SealingLimits.HandshakeBytes"/>.</param>
    public bool TryGetDatagram(long nowMicroseconds, Span<byte> target, out int lengthBytes)
    {
        lengthBytes = 0;
        if (State == ClientHandshakeState.Waiting && nowMicroseconds >= _endMicroseconds)
        {
            State = ClientHandshakeState.Failed;
        }

        if (State != ClientHandshakeState.Waiting || nowMicroseconds < _repeatMicroseconds)
        {
            return false;
        }

        _repeatMicroseconds = nowMicroseconds + _repeatAfterMicroseconds;
        _repeatAfterMicroseconds *= 2;
        HellosSent++;
        _hello.CopyTo(target);
        lengthBytes = _hello.Length;
        return true;
    }

    /// <summary>Returns the tunnel, once, when the datagram is the server's authentic reply; else null.</summary>
    public EstablishedTunnel? HandleDatagram(ReadOnlySpan<byte> datagram, long nowMicroseconds, DateTimeOffset utcNow)
    {
        if (State != ClientHandshakeState.Waiting || datagram.IsEmpty)
        {
            return null;
        }

        EstablishedTunnel? tunnel = null;
        var isAuthentic = datagram[0] switch
        {
            (byte)DatagramKind.Retry => TryRetry(datagram, nowMicroseconds, utcNow),
            (byte)DatagramKind.HelloReply => TryEstablish(datagram, nowMicroseconds, out tunnel),
            _ => false,
        };
        Refused += isAuthentic ? 0 : 1;
        return tunnel;
    }

    public void Dispose()
    {
        _ephemeral.Dispose();
        _staticAgreed?.Dispose();
    }

    private static long ToMicroseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A new hello, with the cookie that there is, to be sent now.</summary>
    private void Begin(long nowMicroseconds, DateTimeOffset utcNow)
    {
        Span<byte> random = stackalloc byte[HandshakeSeal.RandomBytes];
        _random.Fill(random);
        var body = new HelloBody(
            utcNow.ToUnixTimeMilliseconds(), !_settings.ServerKey.IsEmpty, [DatagramHeader.Version], _settings.Ciphers.Preferred, _settings.Settings);
        var hello = new HelloMessage(_settings.Key.Id, _settings.TunnelId, _ephemeral.PublicPoint, random, _cookie);
        hello.Write(_hello, body, _settings.Key, _settings.Ciphers);
        _repeatMicroseconds = nowMicroseconds;
        _repeatAfterMicroseconds = ToMicroseconds(_settings.FirstRepeat);
    }

    private bool TryRetry(ReadOnlySpan<byte> datagram, long nowMicroseconds, DateTimeOffset utcNow)
    {
        var cookie = new byte[Cookies.Bytes];
        if (_retries == MaximumRetries
            || !RetryMessage.TryOpen(datagram, _settings.TunnelId, _hello, _settings.Key, _settings.Ciphers, cookie, out var serverMilliseconds))
        {
            return false;
        }

        _retries++;
        _cookie = cookie;
        ClockDifference = TimeSpan.FromMilliseconds(
            Math.Clamp(serverMilliseconds, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()) - utcNow.ToUnixTimeMilliseconds());
        Begin(nowMicroseconds, utcNow);
        return true;
    }

    private bool TryEstablish(ReadOnlySpan<byte> datagram, long nowMicroseconds, out EstablishedTunnel? tunnel)
    {
        tunnel = null;
        if (!ReplyMessage.TryRead(datagram, _settings.TunnelId, out var serverEphemeral)
            || _replies == MaximumReplies
            || !P256.IsPoint(serverEphemeral))
        {
            return false;
        }

        _replies++;
        using var agreed = Agree(serverEphemeral);
        if (!ReplyMessage.TryOpen(datagram, agreed.Span, _hello, _settings.Key, _settings.Ciphers, out var body)
            || body.Version != DatagramHeader.Version
            || !_settings.Ciphers.Preferred.Contains(body.Cipher))
        {
            return false;
        }

        var (toServer, toClient) = KeySchedule.Traffic(_settings.Key.Key, agreed.Span, _hello, datagram);
        var amplification = new AmplificationLimit();
        amplification.Lift();
        var secrets = new SessionSecrets(toServer, toClient, new SecretBytes(body.ResetToken), _settings.Ciphers, amplification);
        var identity = new SessionIdentity(_settings.TunnelId, body.TunnelId, _settings.Key.Name, body.Cipher);
        tunnel = new EstablishedTunnel(new SealedSession(secrets, identity, _settings.Session, nowMicroseconds), body.Settings);
        State = ClientHandshakeState.Done;
        Dispose();
        return true;
    }

    private SecretBytes Agree(ReadOnlySpan<byte> serverEphemeral)
    {
        var isPinned = !_settings.ServerKey.IsEmpty;
        var agreed = new SecretBytes(P256.ScalarBytes * (isPinned ? 2 : 1));
        _ephemeral.Agree(serverEphemeral, agreed.Span[..P256.ScalarBytes]);
        if (isPinned)
        {
            if (_staticAgreed is null)
            {
                _staticAgreed = new SecretBytes(P256.ScalarBytes);
                _ephemeral.Agree(_settings.ServerKey.Span, _staticAgreed.Span);
            }

            _staticAgreed.Span.CopyTo(agreed.Span[P256.ScalarBytes..]);
        }

        return agreed;
    }
}
