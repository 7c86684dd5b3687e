using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>
/// The keys of the direction that a session sends in. They are replaced after a number of datagrams or a time, but only when the peer has
/// acknowledged a datagram of the present phase, and three probe timeouts later: so the peer never has to tell more than two phases apart.
/// </summary>
internal sealed class SendingKeys : IDisposable
{
    private readonly SessionLimits _limits;
    private PhaseKeys _keys;
    private ulong _phaseFirst;
    private long _phaseSince;
    private long? _acknowledgedAt;   // when the first datagram of this phase was

    public SendingKeys(SecretBytes secret, CipherChoice choice, CipherKind kind, SessionLimits limits, long nowMicroseconds)
    {
        _limits = limits;
        _keys = new PhaseKeys(secret, isOdd: false, choice, kind);
        _phaseSince = nowMicroseconds;
    }

    /// <summary>Of the next datagram.</summary>
    public ulong NextNumber { get; private set; }

    public bool IsOdd => _keys.IsOdd;

    public long Updates { get; private set; }

    public SessionEnd End =>
        NextNumber >= _limits.Numbers ? SessionEnd.NumbersExhausted
        : DatagramsInPhase >= _limits.MaximumDatagramsPerKey ? SessionEnd.KeyExhausted
        : SessionEnd.None;

    /// <summary>Until <see cref="End"/>, with the present keys.</summary>
    public long DatagramsLeft => (long)Math.Min(
        _limits.Numbers - Math.Min(_limits.Numbers, NextNumber), (ulong)Math.Max(0, _limits.MaximumDatagramsPerKey - DatagramsInPhase));

    private long DatagramsInPhase => (long)(NextNumber - _phaseFirst);

    /// <summary>To be called before each datagram's header is written.</summary>
    public void UpdateWhenDue(long nowMicroseconds, long probeTimeoutMicroseconds)
    {
        var isDue = DatagramsInPhase >= _limits.DatagramsPerKey
            || nowMicroseconds - _phaseSince >= _limits.KeyLifetime.Ticks / TimeSpan.TicksPerMicrosecond;
        if (!isDue || _acknowledgedAt is not { } acknowledged || nowMicroseconds - acknowledged < 3 * probeTimeoutMicroseconds)
        {
            return;
        }

        var old = _keys;
        _keys = old.Next();
        old.Dispose();
        _phaseFirst = NextNumber;
        _phaseSince = nowMicroseconds;
        _acknowledgedAt = null;
        Updates++;
    }

    /// <summary>Seals the datagram, whose header is written, as <see cref="NextNumber"/>.</summary>
    public void Seal(Span<byte> datagram) => _keys.Seal(datagram, DatagramHeader.Bytes, NextNumber++);

    public void HandleAcknowledged(ulong number, long nowMicroseconds)
    {
        if (number >= _phaseFirst && number < NextNumber)
        {
            _acknowledgedAt ??= nowMicroseconds;
        }
    }

    /// <summary>The first keys, where nothing was sealed with them yet; the caller owns them.</summary>
    public PhaseKeys Release() =>
        NextNumber == 0 ? _keys : throw new InvalidOperationException("Datagrams were sealed with these keys already.");

    public void Dispose() => _keys.Dispose();
}
