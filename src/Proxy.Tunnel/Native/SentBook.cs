using Proxy.Protocol.Parts;

namespace Proxy.Tunnel.Native;

/// <summary>
/// The numbers that were sent and are not settled, linked in order inside their slots, so that an acknowledgement costs what is missing and
/// not what is in flight. Lost by evidence only: three later ones acknowledged (more where the path reorders), or a ninth eighth of a round
/// trip gone by. Microseconds.
/// </summary>
internal sealed partial class SentBook
{
    /// <summary>Numbers remembered at most; no new datagram is to be sent beyond.</summary>
    public const int MaximumNumbers = 1 << 18;

    private const int LeastReordering = 3;
    private const int MostReordering = 4096;
    private const long ForgetReorderingMicroseconds = 10_000_000;
    private const long LateMicroseconds = 1_000_000;

    private NumberRing<SentDatagram> _ring = new();
    private NumberRing<CarriedSegment> _carried = new();
    private ulong _first;          // below it nothing is remembered
    private ulong _next;           // the number after the last sent
    private ulong _oldest;         // of the list; the list is empty when it is _next
    private ulong _newest;
    private ulong _carriedFirst;
    private ulong _carriedNext;
    private ulong _carriedCommitted;
    private int _reordering = LeastReordering;
    private long _extraLatenessMicroseconds;
    private long _lastSpuriousMicroseconds;
    private bool _hasSent;

    /// <summary>Of datagrams that are neither acknowledged nor lost.</summary>
    public long BytesInFlight { get; private set; }

    /// <summary>How many those are.</summary>
    public int DatagramsInFlight { get; private set; }

    /// <summary>When one of those was sent last.</summary>
    public long LastSentMicroseconds { get; private set; }

    /// <summary>The largest number acknowledged; null before the first.</summary>
    public ulong? LargestAcknowledged { get; private set; }

    /// <summary>When the next one is lost if nothing more is heard; <see cref="long.MaxValue"/>: never.</summary>
    public long LossDueMicroseconds { get; private set; } = long.MaxValue;

    /// <summary>The number that the next datagram will have; null before the first.</summary>
    public ulong? NextNumber => _hasSent ? _next : null;

    public bool IsFull => _next - _first >= MaximumNumbers;

    /// <summary>Numbers that are not settled, bare acknowledgements and remembered losses included.</summary>
    public bool IsEmpty => _oldest == _next;

    /// <summary>The datagram that was being made went out under that number; what was carried since the last one belongs to it.</summary>
    public void Add(ulong number, ref SentDatagram datagram)
    {
        if (!_hasSent)
        {
            _hasSent = true;
            _first = _next = _oldest = number;
        }

        if (number != _next)
        {
            throw new InvalidOperationException($"Number {number} was sent where {_next} was due.");
        }

        _ring.Reserve(_first, number + 1);
        ref var slot = ref _ring[number];
        slot = datagram;
        slot.State = SentState.Outstanding;
        slot.CarriedStart = (uint)_carriedCommitted;
        slot.CarriedCount = (ushort)(_carriedNext - _carriedCommitted);
        slot.Previous = _newest;
        slot.Next = number + 1;
        _newest = number;
        _next = number + 1;
        _carriedCommitted = _carriedNext;
        if (slot.IsInFlight)
        {
            BytesInFlight += slot.Bytes;
            DatagramsInFlight++;
            LastSentMicroseconds = slot.SentMicroseconds;
        }
    }

    public ref SentDatagram this[ulong number] => ref _ring[number];

    /// <summary>Takes what the peer says arrived. False when that includes a number that was never sent; nothing changes then.</summary>
    /// <param name="ranges">Upward, not empty.</param>
    public bool HandleAcknowledgement(
        ReadOnlySpan<NumberRange> ranges, RoundTrip roundTrip, long delayMicroseconds, long nowMicroseconds, ISentObserver observer)
    {
        var largest = ranges[^1].Last;
        if (largest >= _next)
        {
            return false;
        }

        if (LargestAcknowledged is not { } before || largest > before)
        {
            ref var newest = ref _ring[largest];
            if (largest >= _first && newest is { State: SentState.Outstanding, IsInFlight: true })
            {
                roundTrip.Measure(nowMicroseconds - newest.SentMicroseconds, delayMicroseconds);
            }
        }

        var index = 0;
        ulong next;
        for (var number = _oldest; number <= largest && number != _next; number = next)
        {
            next = _ring[number].Next;
            while (ranges[index].Last < number)
            {
                index++;
            }

            if (ranges[index].First <= number)
            {
                Acknowledge(number, roundTrip, nowMicroseconds, observer);
            }
        }

        LargestAcknowledged = LargestAcknowledged is { } known && known > largest ? known : largest;
        FindLost(roundTrip, nowMicroseconds, observer);
        Forget(roundTrip, nowMicroseconds);
        return true;
    }

    /// <summary>Takes what the peer made out of others. It stays outstanding: that it is lost will show.</summary>
    /// <param name="ranges">Upward, not empty. Numbers that were never sent, or are settled, change nothing.</param>
    public void HandleRecovered(ReadOnlySpan<NumberRange> ranges, ISentObserver observer)
    {
        var index = 0;
        for (var number = _oldest; number <= ranges[^1].Last && number != _next; number = _ring[number].Next)
        {
            while (ranges[index].Last < number)
            {
                index++;
            }

            ref var slot = ref _ring[number];
            if (ranges[index].First <= number && !slot.IsRecovered)
            {
                slot.IsRecovered = true;
                observer.OnRecovered(ref slot);
            }
        }
    }

    /// <summary>Declares lost what has to be. To be called at <see cref="LossDueMicroseconds"/>.</summary>
    public void FindLost(RoundTrip roundTrip, long nowMicroseconds, ISentObserver observer)
    {
        LossDueMicroseconds = long.MaxValue;
        if (LargestAcknowledged is not { } largest)
        {
            return;
        }

        if (_reordering > LeastReordering && nowMicroseconds - _lastSpuriousMicroseconds > ForgetReorderingMicroseconds)
        {
            _reordering = LeastReordering;
            _extraLatenessMicroseconds = 0;
        }

        var lateness = LatenessMicroseconds(roundTrip);
        for (var number = _oldest; number < largest && number != _next; number = _ring[number].Next)
        {
            ref var slot = ref _ring[number];
            if (slot.State != SentState.Outstanding)
            {
                continue;
            }

            var lateAt = slot.SentMicroseconds + lateness;
            if (largest - number >= (ulong)_reordering || nowMicroseconds >= lateAt)
            {
                Lose(number, ref slot, observer);
            }
            else
            {
                LossDueMicroseconds = Math.Min(LossDueMicroseconds, lateAt);
            }
        }
    }

    /// <summary>Forgets losses that are too old to turn out late.</summary>
    private void Forget(RoundTrip roundTrip, long nowMicroseconds)
    {
        var before = nowMicroseconds - (4 * roundTrip.SmoothedMicroseconds) - LateMicroseconds;
        while (_oldest != _next && _ring[_oldest].State == SentState.Lost && (_ring[_oldest].SentMicroseconds < before || IsFull))
        {
            Unlink(_oldest, ref _ring[_oldest]);
        }

        _first = _oldest;
        _carriedFirst = _oldest == _next ? _carriedCommitted : Lift(_ring[_oldest].CarriedStart);
    }

    private long LatenessMicroseconds(RoundTrip roundTrip)
    {
        var roundTripMicroseconds = Math.Max(roundTrip.SmoothedMicroseconds, roundTrip.LatestMicroseconds);
        return Math.Max(1_000, roundTripMicroseconds + (roundTripMicroseconds / 8) + _extraLatenessMicroseconds);
    }

    private void Acknowledge(ulong number, RoundTrip roundTrip, long nowMicroseconds, ISentObserver observer)
    {
        ref var slot = ref _ring[number];
        var wasLost = slot.State == SentState.Lost;
        if (wasLost)
        {
            AllowReordering(number, slot.SentMicroseconds, roundTrip, nowMicroseconds);
        }
        else
        {
            LeaveFlight(ref slot);
        }

        Unlink(number, ref slot);
        observer.OnAcknowledged(number, ref slot, wasLost);
    }

    /// <summary>It was late, not lost: others as late are waited for from now on.</summary>
    private void AllowReordering(ulong number, long sentMicroseconds, RoundTrip roundTrip, long nowMicroseconds)
    {
        _lastSpuriousMicroseconds = nowMicroseconds;
        if (LargestAcknowledged is { } largest && largest > number)
        {
            _reordering = (int)Math.Clamp(largest - number + 1, (ulong)_reordering, MostReordering);
        }

        var late = nowMicroseconds - sentMicroseconds - (LatenessMicroseconds(roundTrip) - _extraLatenessMicroseconds);
        var most = Math.Max(_extraLatenessMicroseconds, roundTrip.SmoothedMicroseconds / 2);
        _extraLatenessMicroseconds = Math.Clamp(late, _extraLatenessMicroseconds, most);
    }

    private void Lose(ulong number, ref SentDatagram slot, ISentObserver observer)
    {
        slot.State = SentState.Lost;
        if (!slot.IsInFlight)
        {
            return;
        }

        LeaveFlight(ref slot);
        observer.OnLost(number, ref slot);
    }

    private void LeaveFlight(ref SentDatagram slot)
    {
        if (slot.IsInFlight)
        {
            BytesInFlight -= slot.Bytes;
            DatagramsInFlight--;
        }
    }

    private void Unlink(ulong number, ref SentDatagram slot)
    {
        slot.State = SentState.Gone;
        if (number == _oldest)
        {
            _oldest = slot.Next;
        }
        else
        {
            _ring[slot.Previous].Next = slot.Next;
        }

        if (number == _newest)
        {
            _newest = slot.Previous;
        }
        else
        {
            _ring[slot.Next].Previous = slot.Previous;
        }
    }
}
