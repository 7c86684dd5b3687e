using System.Buffers.Binary;
using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// One listener's half of all its handshakes. <see cref="HandleHello"/> takes a datagram and does everything that is cheap, in the order
/// shape, key, seal, cookie, replay, clock; when it says <see cref="HelloOutcome.NeedsAgreement"/> the caller has
/// <see cref="PendingHello.Agree"/> run, here or on another thread, and then calls <see cref="Complete"/>. Once the session has opened a
/// datagram, or the tunnel is gone, <see cref="Release"/> ends the half-open state; otherwise its timeout does. Who has no key is never
/// answered, and costs a hash and a decryption. Not thread-safe.
/// </summary>
public sealed class ServerHandshake
{
    private ServerHandshakeSettings _settings;
    private readonly IRandomBytes _random;
    private readonly HalfOpenTunnels _halfOpen;
    private readonly RateBound _withoutCookie;
    private readonly long[] _counts = new long[(int)HelloOutcome.NeedsAgreement + 1];

    public ServerHandshake(ServerHandshakeSettings settings, IRandomBytes random, long nowMicroseconds)
    {
        _settings = Checked(settings);
        _random = random;
        _halfOpen = new HalfOpenTunnels(settings.HalfOpenTimeout.Ticks / TimeSpan.TicksPerMicrosecond);
        _withoutCookie = new RateBound(settings.CookieAboveHellosPerSecond, nowMicroseconds);
    }

    /// <summary>Other keys from now on. Hellos that were let in before go on with the key that they came with; bounds and times stay as they were.</summary>
    public void Change(ServerHandshakeSettings settings) => _settings = Checked(settings);

    /// <summary>Tunnels between hello and first authentic datagram.</summary>
    public int HalfOpen => _halfOpen.Count;

    public long Count(HelloOutcome outcome) => _counts[(int)outcome];

    /// <param name="datagram">As it came; left as it is.</param>
    /// <param name="address">Where it came from: any bytes that name address and port, at most <see cref="Cookies.MaximumAddressBytes"/>.</param>
    /// <param name="utcNow">The system's clock, which the hello's timestamp is held against.</param>
    /// <param name="answer">Room for <see cref="SealingLimits.HandshakeBytes"/>.</param>
    /// <param name="answerBytes">What to send back at once, 0 for nothing. Never more than came.</param>
    /// <param name="pending">Not null when an agreement is needed.</param>
    public HelloOutcome HandleHello(
        ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> address, long nowMicroseconds, DateTimeOffset utcNow, Span<byte> answer, out int answerBytes,
        out PendingHello? pending)
    {
        _halfOpen.Expire(nowMicroseconds);
        var outcome = Judge(datagram, address, nowMicroseconds, utcNow.ToUnixTimeMilliseconds(), answer, out answerBytes, out pending);
        _counts[(int)outcome]++;
        return outcome;
    }

    /// <summary>Makes the session and the reply. Null when it took so long that the client has been given up.</summary>
    /// <param name="pending">Agreed; disposed here.</param>
    /// <param name="tunnelId">Of <see cref="TunnelIds.Draw"/>, and of no other tunnel of this node.</param>
    /// <param name="settings">What the client is told about this end.</param>
    /// <param name="reply">To be sent once; a client that misses it says hello again.</param>
    public EstablishedTunnel? Complete(
        PendingHello pending, ulong tunnelId, HandshakeSettings settings, long nowMicroseconds, out ReadOnlyMemory<byte> reply)
    {
        ArgumentNullException.ThrowIfNull(pending);
        ArgumentNullException.ThrowIfNull(settings);
        using var taken = pending;
        _halfOpen.Expire(nowMicroseconds);
        reply = default;
        if (_halfOpen.Find(pending.Hash) is not { Reply: null } entry)
        {
            return null;
        }

        var token = new byte[ResetMessage.TokenBytes];
        _settings.TunnelIds.WriteToken(tunnelId, token);
        var body = new ReplyBody(tunnelId, token, DatagramHeader.Version, pending.Cipher, settings);
        var message = ReplyMessage.Make(
            pending.ClientTunnelId, pending.ServerEphemeral, pending.Random, body, pending.Agreed, pending.Hello, pending.Psk, _settings.Ciphers);
        _halfOpen.SetReply(entry, tunnelId, message);
        _ = entry.Amplification.TryTake(message.Length);
        reply = message;

        var (toServer, toClient) = KeySchedule.Traffic(pending.Psk.Key, pending.Agreed, pending.Hello, message);
        var secrets = new SessionSecrets(toClient, toServer, new SecretBytes(0), _settings.Ciphers, entry.Amplification);
        var identity = new SessionIdentity(tunnelId, pending.ClientTunnelId, pending.Principal, pending.Cipher);
        return new EstablishedTunnel(new SealedSession(secrets, identity, _settings.Session, nowMicroseconds), pending.PeerSettings);
    }

    /// <summary>The tunnel's session has opened a datagram, or the tunnel has ended: it is not half open any more.</summary>
    public void Release(ulong tunnelId) => _halfOpen.Remove(tunnelId);

    private HelloOutcome Judge(
        ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> address, long nowMicroseconds, long unixMilliseconds, Span<byte> answer, out int answerBytes,
        out PendingHello? pending)
    {
        answerBytes = 0;
        pending = null;
        if (!HelloMessage.TryRead(datagram, out var hello))
        {
            return HelloOutcome.Malformed;
        }

        if (!_settings.Keys.TryFind(hello.KeyId, out var psk))
        {
            return HelloOutcome.UnknownKey;
        }

        Span<byte> plain = stackalloc byte[SealingLimits.MaximumHelloBytes];
        if (!hello.TryOpen(datagram, psk, _settings.Ciphers, plain, out var body))
        {
            return HelloOutcome.NotAuthentic;
        }

        if (body is null || !P256.IsPoint(hello.Ephemeral))
        {
            return HelloOutcome.Senseless;
        }

        var hasCookie = _settings.Cookies.IsGood(hello.Cookie, address, hello.KeyId, unixMilliseconds);
        if (!hasCookie && (_halfOpen.Count > _settings.CookieAboveHalfOpen || !_withoutCookie.TryTake(nowMicroseconds)))
        {
            return Retry(datagram, hello, psk, address, unixMilliseconds, answer, out answerBytes);
        }

        var hash = Hash(datagram);
        if (_halfOpen.Find(hash) is { } entry)
        {
            return Repeat(entry, datagram.Length, address, answer, out answerBytes);
        }

        if (_settings.Replays.Contains(hash, unixMilliseconds))
        {
            return HelloOutcome.Replayed;
        }

        if (!hasCookie && !IsNow(body.TimestampMilliseconds, unixMilliseconds))
        {
            return Retry(datagram, hello, psk, address, unixMilliseconds, answer, out answerBytes);
        }

        var cipher = _settings.Ciphers.Agree(body.Ciphers);
        if (cipher == CipherKind.None
            || !body.Versions.Contains(DatagramHeader.Version)
            || (body.WantsServerKey && _settings.ServerKey is null))
        {
            return HelloOutcome.NothingInCommon;
        }

        if (_halfOpen.Count >= _settings.MaximumHalfOpen || !_settings.Replays.TryAdd(hash, unixMilliseconds))
        {
            return HelloOutcome.Busy;
        }

        _halfOpen.Add(hash, address, datagram.Length, nowMicroseconds);
        pending = new PendingHello(datagram.ToArray(), psk, _settings.ServerKey, body, cipher, _random) { Hash = hash };
        return HelloOutcome.NeedsAgreement;
    }

    private HelloOutcome Retry(
        ReadOnlySpan<byte> datagram, HelloMessage hello, PresharedKey psk, ReadOnlySpan<byte> address, long unixMilliseconds, Span<byte> answer,
        out int answerBytes)
    {
        Span<byte> random = stackalloc byte[HandshakeSeal.RandomBytes];
        Span<byte> cookie = stackalloc byte[Cookies.Bytes];
        _random.Fill(random);
        _settings.Cookies.Write(address, hello.KeyId, unixMilliseconds, cookie);
        RetryMessage.Write(answer, hello.TunnelId, random, cookie, unixMilliseconds, datagram, psk, _settings.Ciphers);
        answerBytes = RetryMessage.Bytes;
        return HelloOutcome.Retry;
    }

    private static HelloOutcome Repeat(
        HalfOpenTunnels.Entry entry, int helloBytes, ReadOnlySpan<byte> address, Span<byte> answer, out int answerBytes)
    {
        answerBytes = 0;
        if (entry.Reply is not { } reply || !address.SequenceEqual(entry.Address))
        {
            return HelloOutcome.Replayed;
        }

        entry.Amplification.HandleReceived(helloBytes);
        if (!entry.Amplification.TryTake(reply.Length))
        {
            return HelloOutcome.Replayed;
        }

        reply.CopyTo(answer);
        answerBytes = reply.Length;
        return HelloOutcome.Repeated;
    }

    private static bool IsNow(long timestamp, long now)
    {
        var tolerance = (long)SealingLimits.ClockTolerance.TotalMilliseconds;
        return timestamp >= now - tolerance && timestamp <= now + tolerance;
    }

    private static UInt128 Hash(ReadOnlySpan<byte> datagram)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(datagram, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static ServerHandshakeSettings Checked(ServerHandshakeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return settings.ServerKey is { } serverKey && !P256.IsScalar(serverKey.Span)
            ? throw new ArgumentException("The server's key is no private key of P-256.", nameof(settings))
            : settings;
    }
}
