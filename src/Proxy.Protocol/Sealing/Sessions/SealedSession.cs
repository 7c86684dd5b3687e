using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Records;
using Proxy.Protocol.Sealing.Resets;

namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>
/// The sealed datagrams of one tunnel: numbers, keys and their updates, and the window against replays. Made by the handshake. It is driven by
/// its owner: <see cref="TrySeal"/> and <see cref="Open"/> work in the datagram's own memory and allocate nothing;
/// <see cref="HandleAcknowledged"/> tells what the peer has; <see cref="End"/> says when it is over. Not thread-safe.
/// <code>
/// | header (20 bytes) | body | tag (16 bytes) |
/// </code>
/// </summary>
public sealed class SealedSession : IDisposable
{
    public const int HeaderBytes = DatagramHeader.Bytes;

    public const int TagBytes = Aead.TagBytes;

    private const long FirstProbeTimeoutMicroseconds = 1_000_000;

    private readonly SendingKeys _sending;
    private readonly ReceivingKeys _receiving;
    private readonly ReplayWindow _seen = new();
    private readonly SessionLimits _limits;
    private readonly SecretBytes _resetToken;
    private SessionEnd _end;
    private bool _isDisposed;

    internal SealedSession(SessionSecrets secrets, SessionIdentity identity, SessionLimits limits, long nowMicroseconds)
    {
        _limits = limits;
        _sending = new SendingKeys(secrets.Sending, secrets.Choice, identity.Cipher, limits, nowMicroseconds);
        _receiving = new ReceivingKeys(secrets.Receiving, secrets.Choice, identity.Cipher);
        _resetToken = secrets.ResetToken;
        Amplification = secrets.Amplification;
        Identity = identity;
        CipherName = secrets.Choice.NameOf(identity.Cipher);
    }

    public SessionIdentity Identity { get; }

    /// <summary>For the log: what computes, as "aes-256-gcm by libcrypto.so.3".</summary>
    public string CipherName { get; }

    /// <summary>
    /// Until the first authentic datagram came, a server sends at most three times what it received; the owner reports nothing, as
    /// <see cref="Open"/> lifts it. At a client it is lifted from the start.
    /// </summary>
    public AmplificationLimit Amplification { get; }

    /// <summary>Whether an authentic datagram came: the peer has the keys, and is where its hello came from.</summary>
    public bool IsConfirmed { get; private set; }

    /// <summary>None while the session works.</summary>
    public SessionEnd End => _end != SessionEnd.None ? _end : _sending.End;

    /// <summary>The number that the next sealed datagram gets; the first is 0.</summary>
    public ulong NextNumber => _sending.NextNumber;

    /// <summary>How many datagrams can still be sealed, unless the keys are replaced before; 0 once the session has ended.</summary>
    public long DatagramsLeft => End == SessionEnd.None ? _sending.DatagramsLeft : 0;

    /// <summary>Whether its end is near enough that another session should take its place.</summary>
    public bool IsWorn => DatagramsLeft < _limits.ReplaceBelowDatagrams || _limits.ForgedDatagrams - Forged < _limits.ReplaceBelowForgeries;

    /// <summary>The tunnel's probe timeout; key updates wait for three of them. The owner keeps it up to date.</summary>
    public long ProbeTimeoutMicroseconds { get; set; } = FirstProbeTimeoutMicroseconds;

    /// <summary>Datagrams that did not open.</summary>
    public long Forged { get; private set; }

    /// <summary>Datagrams whose number had been seen, or was too old.</summary>
    public long Replayed { get; private set; }

    /// <summary>Key updates: ours and the peer's.</summary>
    public (long Sending, long Receiving) KeyUpdates => (_sending.Updates, _receiving.Updates);

    /// <summary>Whether <see cref="TrySeal"/> would seal a datagram of so many bytes.</summary>
    public bool CanSeal(int datagramBytes) => End == SessionEnd.None && Amplification.Allows(datagramBytes);

    /// <summary>The body that fits into a datagram of so many bytes.</summary>
    public static int MaximumBodyBytes(int datagramBytes) => datagramBytes - HeaderBytes - TagBytes;

    /// <summary>
    /// Seals the <paramref name="bodyBytes"/> that lie behind 20 free bytes in <paramref name="datagram"/>; 16 more behind them are written.
    /// </summary>
    /// <param name="lengthBytes">The datagram's length; to be sent as it is, once.</param>
    /// <param name="number">The datagram's number; one more than the last.</param>
    /// <returns>False when nothing may be sent: the session has ended, or the peer's address has not yet earned so many bytes.</returns>
    public bool TrySeal(Span<byte> datagram, int bodyBytes, long nowMicroseconds, out int lengthBytes, out ulong number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bodyBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bodyBytes, MaximumBodyBytes(Math.Min(datagram.Length, ushort.MaxValue)));
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        lengthBytes = 0;
        number = 0;
        var length = HeaderBytes + bodyBytes + TagBytes;
        _sending.UpdateWhenDue(nowMicroseconds, ProbeTimeoutMicroseconds);
        _receiving.ForgetPrevious(nowMicroseconds);
        if (End != SessionEnd.None || !Amplification.TryTake(length))
        {
            return false;
        }

        number = _sending.NextNumber;
        lengthBytes = length;
        new DatagramHeader(DatagramKind.Data, _sending.IsOdd, length, Identity.PeerTunnelId, number).Write(datagram);
        _sending.Seal(datagram[..length]);
        return true;
    }

    /// <summary>
    /// Opens one datagram, exactly as long as it arrived, in place. Whatever a stranger sends is a value here, and what is not
    /// <see cref="OpenResult.Opened"/> must have no effect.
    /// </summary>
    /// <param name="body">Where the plain body is in <paramref name="datagram"/>; empty unless opened.</param>
    /// <param name="number">The datagram's number when it was opened.</param>
    public OpenResult Open(Span<byte> datagram, long nowMicroseconds, out Range body, out ulong number)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        body = default;
        number = 0;
        if (datagram.Length < HeaderBytes + TagBytes
            || !DatagramHeader.TryRead(datagram, out var header)
            || header.Kind != DatagramKind.Data
            || header.Receiver != Identity.OwnTunnelId
            || header.Number >= _limits.Numbers)
        {
            return OpenResult.Malformed;
        }

        if (End != SessionEnd.None)
        {
            return OpenResult.Ended;
        }

        if (!_seen.IsNew(header.Number))
        {
            Replayed++;
            return OpenResult.Replayed;
        }

        if (!_receiving.TryOpen(datagram, header.IsOddPhase, header.Number, nowMicroseconds, ProbeTimeoutMicroseconds))
        {
            Forged++;
            _end = Forged >= _limits.ForgedDatagrams ? SessionEnd.TooManyForgeries : SessionEnd.None;
            return OpenResult.Forged;
        }

        _seen.Add(header.Number);
        IsConfirmed = true;
        Amplification.Lift();
        body = HeaderBytes..(datagram.Length - TagBytes);
        number = header.Number;
        return OpenResult.Opened;
    }

    /// <summary>The peer says it has the datagram. A number that was never sent has no effect.</summary>
    public void HandleAcknowledged(ulong number, long nowMicroseconds) => _sending.HandleAcknowledged(number, nowMicroseconds);

    /// <summary>
    /// Whether the datagram proves that the peer has lost this tunnel: a reset with the token that only it and we know. A client asks; a
    /// server has no token, and is never told so.
    /// </summary>
    public bool IsReset(ReadOnlySpan<byte> datagram) =>
        ResetMessage.TryRead(datagram, out var tunnelId, out var token)
        && tunnelId == Identity.PeerTunnelId
        && CryptographicOperations.FixedTimeEquals(token, _resetToken.Span);

    /// <summary>
    /// The keys of this session for an ordered stream instead of datagrams. Only before any datagram was sealed or opened; the session is
    /// over with it, and only its <see cref="Identity"/> may still be asked.
    /// </summary>
    public SealedRecords IntoRecords()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (IsConfirmed)
        {
            throw new InvalidOperationException("Datagrams were opened with these keys already.");
        }

        var records = new SealedRecords(_sending.Release(), _receiving.Release(), _limits.DatagramsPerKey);
        _isDisposed = true;
        _resetToken.Dispose();
        return records;
    }

    /// <summary>Wipes the keys.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        _sending.Dispose();
        _receiving.Dispose();
        _resetToken.Dispose();
    }
}
