using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>
/// The keys of the direction that a session receives in: the present phase's, for three probe timeouts after an update the previous ones for
/// datagrams that were overtaken, and the next ones as soon as somebody uses them. Only an authentic datagram moves the phase.
/// </summary>
internal sealed class ReceivingKeys : IDisposable
{
    private PhaseKeys _present;
    private PhaseKeys? _previous;
    private PhaseKeys? _next;
    private long _previousUntil;
    private ulong _phaseNumber;   // one of the present phase: those of the previous one are lower, those of the next one higher

    public ReceivingKeys(SecretBytes secret, CipherChoice choice, CipherKind kind)
    {
        _present = new PhaseKeys(secret, isOdd: false, choice, kind);
    }

    public long Updates { get; private set; }

    /// <summary>At most one key is tried: which one follows from the phase bit and the number.</summary>
    public bool TryOpen(Span<byte> datagram, bool isOdd, ulong number, long nowMicroseconds, long probeTimeoutMicroseconds)
    {
        ForgetPrevious(nowMicroseconds);
        if (isOdd == _present.IsOdd)
        {
            return _present.TryOpen(datagram, DatagramHeader.Bytes, number);
        }

        if (number < _phaseNumber)
        {
            return _previous?.TryOpen(datagram, DatagramHeader.Bytes, number) ?? false;
        }

        _next ??= _present.Next();
        if (!_next.TryOpen(datagram, DatagramHeader.Bytes, number))
        {
            return false;
        }

        _previous?.Dispose();
        _previous = _present;
        _previousUntil = nowMicroseconds + (3 * probeTimeoutMicroseconds);
        _present = _next;
        _next = null;
        _phaseNumber = number;
        Updates++;
        return true;
    }

    public void ForgetPrevious(long nowMicroseconds)
    {
        if (_previous is not null && nowMicroseconds >= _previousUntil)
        {
            _previous.Dispose();
            _previous = null;
        }
    }

    /// <summary>The first keys, where nothing was opened with later ones; the caller owns them.</summary>
    public PhaseKeys Release() => Updates == 0 ? _present : throw new InvalidOperationException("The peer has changed its keys already.");

    public void Dispose()
    {
        _present.Dispose();
        _previous?.Dispose();
        _next?.Dispose();
    }
}
