namespace Proxy.Kcp;

public sealed partial class KcpEngine
{
    internal const int MaximumRtoMilliseconds = 60_000;
    private const int InitialRtoMilliseconds = 200;

    private int _rtoMilliseconds; // rx_rto
    private int _varianceMilliseconds; // rx_rttval
    private uint _earliestResendMilliseconds;

    /// <summary>The smoothed round trip; 0 until one was measured.</summary>
    public int SmoothedRoundTripMilliseconds { get; private set; }

    /// <summary>How long the first answer to a segment sent now is waited for.</summary>
    public int RtoMilliseconds => _rtoMilliseconds;

    /// <summary>
    /// When to take output again if nothing else happens; null when nothing is in flight and nothing owed. Never before now, which means
    /// at once. It may be earlier than anything is due, never later.
    /// </summary>
    public uint? NextDeadlineMilliseconds(uint nowMilliseconds)
    {
        if (IsOutputDue)
        {
            return nowMilliseconds;
        }

        uint? deadline = _probeWaitMilliseconds > 0 ? _probeAtMilliseconds : null;
        if (_acknowledgesItself && _inFlightSegments > 0)
        {
            deadline = deadline is { } probe ? Serial.Earlier(probe, _earliestResendMilliseconds) : _earliestResendMilliseconds;
        }

        return deadline is { } time && Serial.IsBefore(time, nowMilliseconds) ? nowMilliseconds : deadline;
    }

    private void MeasureRoundTrip(int roundTripMilliseconds)
    {
        // Not an echo of this engine's clock.
        if (roundTripMilliseconds is < 0 or > MaximumRtoMilliseconds)
        {
            return;
        }

        if (SmoothedRoundTripMilliseconds == 0)
        {
            SmoothedRoundTripMilliseconds = Math.Max(1, roundTripMilliseconds);
            _varianceMilliseconds = roundTripMilliseconds / 2;
        }
        else
        {
            var deviation = Math.Abs(roundTripMilliseconds - SmoothedRoundTripMilliseconds);
            _varianceMilliseconds = ((3 * _varianceMilliseconds) + deviation) / 4;
            SmoothedRoundTripMilliseconds = Math.Max(1, ((7 * SmoothedRoundTripMilliseconds) + roundTripMilliseconds) / 8);
        }

        var rto = SmoothedRoundTripMilliseconds + Math.Max(_settings.IntervalMilliseconds, 4 * _varianceMilliseconds);
        _rtoMilliseconds = Math.Clamp(rto, _settings.MinimumRtoMilliseconds, MaximumRtoMilliseconds);
    }

    /// <summary>Sets when a segment that is being sent is to be sent again.</summary>
    private void Schedule(ref SendSlot slot, uint nowMilliseconds)
    {
        if (!_acknowledgesItself)
        {
            return;
        }

        var wait = slot.RtoMilliseconds;
        if (slot.Transmissions == 0)
        {
            slot.RtoMilliseconds = _rtoMilliseconds;
            wait = _rtoMilliseconds + (_settings.NoDelay == KcpNoDelay.Off ? _rtoMilliseconds >> 3 : 0);
        }
        else if (slot.Due == ResendCause.Timeout)
        {
            var growth = _settings.NoDelay switch
            {
                KcpNoDelay.Off => Math.Max(slot.RtoMilliseconds, _rtoMilliseconds),
                KcpNoDelay.Fast => slot.RtoMilliseconds / 2,
                _ => _rtoMilliseconds / 2,
            };
            wait = slot.RtoMilliseconds = Math.Min(slot.RtoMilliseconds + growth, MaximumRtoMilliseconds);
        }

        slot.ResendAtMilliseconds = nowMilliseconds + (uint)wait;
        _earliestResendMilliseconds = _inFlightSegments <= 1
            ? slot.ResendAtMilliseconds
            : Serial.Earlier(_earliestResendMilliseconds, slot.ResendAtMilliseconds);
    }

    /// <summary>
    /// Marks what was not answered in time. The earliest time is a lower bound, since acknowledging does not look for the next one; the
    /// pass over what is in flight is made only when it has come, and makes it exact again.
    /// </summary>
    private void MarkTimedOut(uint nowMilliseconds)
    {
        if (_inFlightSegments == 0 || Serial.IsBefore(nowMilliseconds, _earliestResendMilliseconds))
        {
            return;
        }

        var earliest = nowMilliseconds + MaximumRtoMilliseconds;
        for (var number = _firstUnacknowledged; number != _sendNext; number = _sendRing[number].Next)
        {
            ref var slot = ref _sendRing[number];
            if (slot.Due != ResendCause.None)
            {
                continue;
            }

            if (Serial.IsBefore(nowMilliseconds, slot.ResendAtMilliseconds))
            {
                earliest = Serial.Earlier(earliest, slot.ResendAtMilliseconds);
            }
            else
            {
                MarkDue(number, ref slot, ResendCause.Timeout);
            }
        }

        _earliestResendMilliseconds = earliest;
    }
}
