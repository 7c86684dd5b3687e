namespace Proxy.Kcp;

/// <summary>
/// What was sent and is not acknowledged. The segments are linked in order of their numbers inside their slots, so that a pass over them
/// costs what is missing, not what is in flight; the last one's successor is the next number to be sent.
/// </summary>
public sealed partial class KcpEngine
{
    private uint _firstUnacknowledged; // snd_una
    private uint _lastUnacknowledged;
    private int _inFlightSegments;

    /// <summary>Sent and not acknowledged, neither one by one nor by una.</summary>
    public int InFlightSegments => _inFlightSegments;

    /// <summary>The lowest number not acknowledged (snd_una).</summary>
    public uint SendUnacknowledged => _firstUnacknowledged;

    private bool IsUnacknowledged(uint number) =>
        !Serial.IsBefore(number, _firstUnacknowledged) && Serial.IsBefore(number, _sendNext) && _sendRing[number].Buffer is not null;

    private void LinkSent(uint number, ref SendSlot slot)
    {
        slot.Previous = _lastUnacknowledged;
        slot.Next = number + 1;
        _lastUnacknowledged = number;
        _sendNext = number + 1;
        _inFlightSegments++;
    }

    private void Acknowledge(uint number, ref SendSlot slot)
    {
        Return(ref slot.Buffer);
        slot.Due = ResendCause.None;
        _inFlightSegments--;
        if (number == _firstUnacknowledged)
        {
            _firstUnacknowledged = slot.Next;
        }
        else
        {
            _sendRing[slot.Previous].Next = slot.Next;
        }

        if (number == _lastUnacknowledged)
        {
            _lastUnacknowledged = slot.Previous;
        }
        else
        {
            _sendRing[slot.Next].Previous = slot.Previous;
        }
    }

    private void AcknowledgeBefore(uint unacknowledged)
    {
        while (Serial.IsBefore(_firstUnacknowledged, unacknowledged))
        {
            Acknowledge(_firstUnacknowledged, ref _sendRing[_firstUnacknowledged]);
        }
    }

    /// <summary>Counts those an acknowledgement has overtaken, and marks the ones overtaken often enough.</summary>
    private void CountOvertaken(uint acknowledged, uint echoedMilliseconds)
    {
        for (var number = _firstUnacknowledged; Serial.IsBefore(number, acknowledged);)
        {
            ref var slot = ref _sendRing[number];

            // Sent again after what is acknowledged here was sent: this says nothing about the newer copy.
            if (!Serial.IsAfter(slot.SentAtMilliseconds, echoedMilliseconds) && slot.Overtaken < ushort.MaxValue)
            {
                slot.Overtaken++;
                _hasOvertaken = true;
                if (_settings.FastResend > 0 && slot.Overtaken >= _settings.FastResend && slot.Transmissions <= FastResendLimit)
                {
                    MarkDue(number, ref slot, ResendCause.Fast);
                }
            }

            number = slot.Next;
        }
    }
}
