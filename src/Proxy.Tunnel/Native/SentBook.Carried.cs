namespace Proxy.Tunnel.Native;

/// <summary>Which segments each datagram carries.</summary>
internal sealed partial class SentBook
{
    /// <summary>Whether the datagram that is being made carries a segment of a user lane.</summary>
    public bool CarriesUserLane
    {
        get
        {
            for (var place = _carriedCommitted; place != _carriedNext; place++)
            {
                if (_carried[place].Lane != 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Notes a segment of the datagram that is being made.</summary>
    public void Carry(CarriedSegment segment)
    {
        _carried.Reserve(_carriedFirst, _carriedNext + 1);
        _carried[_carriedNext++] = segment;
    }

    public CarriedSegment Carried(ref SentDatagram datagram, int index) => _carried[datagram.CarriedStart + (uint)index];

    /// <summary>The datagram in flight that carries the segment and was not probed; false when there is none. A probe marks it.</summary>
    public bool TryFindInFlight(CarriedSegment segment, out ulong number)
    {
        for (number = _oldest; number != _next; number = _ring[number].Next)
        {
            ref var slot = ref _ring[number];
            if (slot is { State: SentState.Outstanding, IsProbed: false } && Carries(ref slot, segment))
            {
                return true;
            }
        }

        return false;
    }

    private bool Carries(ref SentDatagram slot, CarriedSegment segment)
    {
        for (var index = 0; index < slot.CarriedCount; index++)
        {
            if (Carried(ref slot, index) is var carried && carried.Lane == segment.Lane && carried.SequenceNumber == segment.SequenceNumber)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Slots keep the low half of the place; the high half is that of the newest, or one less.</summary>
    private ulong Lift(uint place) => _carriedCommitted - ((uint)_carriedCommitted - place);
}
