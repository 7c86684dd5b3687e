using Proxy.Protocol.Parts;
using Proxy.TestKit;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

public sealed class SentBookTests
{
    private const long RoundTripMicroseconds = 50_000;

    private readonly SentBook _book = new();
    private readonly RoundTrip _roundTrip = new(RoundTripMicroseconds);
    private readonly Observer _observer = new();
    private ulong _next = 10;

    [Fact]
    public void Three_later_ones_acknowledged_make_a_loss_and_two_do_not()
    {
        Send(5, atMicroseconds: 0);
        Acknowledge(20_000, (11, 12));
        Assert.Empty(_observer.Lost);
        Acknowledge(20_001, (11, 13));
        Assert.Equal([10UL], _observer.Lost);
        Assert.Equal(1, _book.DatagramsInFlight);
    }

    [Fact]
    public void A_ninth_eighth_of_a_round_trip_makes_a_loss()
    {
        Send(2, atMicroseconds: 0);
        Acknowledge(40_000, (11, 11));
        Assert.Empty(_observer.Lost);
        var due = _book.LossDueMicroseconds;
        Assert.InRange(due, 40_000, 60_000);
        _book.FindLost(_roundTrip, due - 1, _observer);
        Assert.Empty(_observer.Lost);
        _book.FindLost(_roundTrip, due, _observer);
        Assert.Equal([10UL], _observer.Lost);
        Assert.Equal(0, _book.BytesInFlight);
    }

    [Fact]
    public void What_the_peer_recovered_is_told_once_and_still_becomes_a_loss()
    {
        Send(6, atMicroseconds: 0);
        Acknowledge(20_000, (11, 12));
        _book.HandleRecovered([new NumberRange(1, 3), new NumberRange(10, 10), new NumberRange(14, 900)], _observer);
        _book.HandleRecovered([new NumberRange(10, 15)], _observer);
        Assert.Equal(4, _observer.Recovered);
        Assert.Equal(4, _book.DatagramsInFlight);
        Acknowledge(20_001, (11, 13));
        Assert.Equal([10UL], _observer.Lost);
    }

    [Fact]
    public void Nothing_is_lost_before_something_later_is_acknowledged()
    {
        Send(100, atMicroseconds: 0);
        _book.FindLost(_roundTrip, 10_000_000, _observer);
        Assert.Empty(_observer.Lost);
        Assert.Equal(long.MaxValue, _book.LossDueMicroseconds);
    }

    [Fact]
    public void What_comes_after_it_was_taken_for_lost_is_spurious_and_its_lateness_is_allowed_for()
    {
        Send(20, atMicroseconds: 0);
        Acknowledge(30_000, (11, 18));
        Assert.Equal([10UL], _observer.Lost);
        Acknowledge(30_100, (10, 18));
        Assert.Equal([10UL], _observer.Spurious);

        _observer.Lost.Clear();
        Send(20, atMicroseconds: 31_000);
        Acknowledge(61_000, (31, 37));
        Assert.DoesNotContain(30UL, _observer.Lost);
        Acknowledge(61_001, (31, 39));
        Assert.Contains(30UL, _observer.Lost);
    }

    [Fact]
    public void An_acknowledgement_of_what_was_never_sent_changes_nothing()
    {
        Send(2, atMicroseconds: 0);
        Assert.False(_book.HandleAcknowledgement([new NumberRange(10, 12)], _roundTrip, 0, 1000, _observer));
        Assert.Equal(2, _book.DatagramsInFlight);
        Assert.Empty(_observer.Acknowledged);
    }

    [Fact]
    public void Ranges_that_were_told_before_are_passed_over()
    {
        Send(10, atMicroseconds: 0);
        Acknowledge(30_000, (10, 12));
        Acknowledge(30_001, (10, 12), (14, 14));
        Assert.Equal([10UL, 11, 12, 14], _observer.Acknowledged);
    }

    [Fact]
    public void The_delay_of_the_answer_is_taken_off_the_round_trip_but_never_below_the_least()
    {
        Send(2, atMicroseconds: 0);
        _book.HandleAcknowledgement([new NumberRange(10, 10)], _roundTrip, 1_000_000, 30_000, _observer);
        Assert.Equal(30_000, _roundTrip.SmoothedMicroseconds);
        _book.HandleAcknowledgement([new NumberRange(10, 11)], _roundTrip, 4_000, 38_000, _observer);
        Assert.Equal(34_000, _roundTrip.LatestMicroseconds);
    }

    [Fact]
    public void Every_datagram_is_acknowledged_or_lost_and_what_it_carried_is_known()
    {
        Property.Check(200, random =>
        {
            var book = new SentBook();
            var roundTrip = new RoundTrip(RoundTripMicroseconds);
            var observer = new Observer { Book = book };
            var arrived = new ReceivedNumbers();
            var next = (ulong)random.Next(3);
            for (var moment = 1L; moment < 400; moment++)
            {
                for (var count = random.Next(4); count > 0; count--)
                {
                    for (var carried = random.Next(4); carried > 0; carried--)
                    {
                        book.Carry(new CarriedSegment((byte)(next % 9), (uint)next));
                    }

                    var datagram = new SentDatagram { SentMicroseconds = moment * 1000, Bytes = 100, IsInFlight = random.Next(5) > 0 };
                    book.Add(next, ref datagram);
                    if (random.Next(10) > 0)
                    {
                        arrived.Add(next, moment);
                    }

                    next++;
                }

                if (!arrived.IsEmpty && random.Next(3) == 0)
                {
                    Assert.True(book.HandleAcknowledgement(arrived.Newest(1 + random.Next(64)), roundTrip, 0, (moment * 1000) + 500, observer));
                }
            }

            Assert.True(observer.Acknowledged.Distinct().Count() == observer.Acknowledged.Count, "Acknowledged twice.");
            Assert.True(observer.Lost.Distinct().Count() == observer.Lost.Count, "Lost twice.");
            Assert.All(observer.Spurious, number => Assert.Contains(number, observer.Lost));
            Assert.Equal(100 * book.DatagramsInFlight, book.BytesInFlight);
        });
    }

    private void Send(int count, long atMicroseconds)
    {
        for (; count > 0; count--)
        {
            var datagram = new SentDatagram { SentMicroseconds = atMicroseconds, Bytes = 1000, IsInFlight = true };
            _book.Add(_next++, ref datagram);
        }
    }

    private void Acknowledge(long atMicroseconds, params (int First, int Last)[] ranges) => Assert.True(_book.HandleAcknowledgement(
        [.. ranges.Select(range => new NumberRange((ulong)range.First, (ulong)range.Last))], _roundTrip, 0, atMicroseconds, _observer));

    private sealed class Observer : ISentObserver
    {
        public List<ulong> Acknowledged { get; } = [];

        public List<ulong> Lost { get; } = [];

        public List<ulong> Spurious { get; } = [];

        public int Recovered { get; private set; }

        /// <summary>Whose carried segments name the datagram that carries them.</summary>
        public SentBook? Book { get; init; }

        public void OnAcknowledged(ulong number, ref SentDatagram datagram, bool wasLost)
        {
            (wasLost && datagram.IsInFlight ? Spurious : Acknowledged).Add(number);
            CheckCarried(number, ref datagram);
        }

        public void OnLost(ulong number, ref SentDatagram datagram)
        {
            Lost.Add(number);
            CheckCarried(number, ref datagram);
        }

        public void OnRecovered(ref SentDatagram datagram) => Recovered++;

        private void CheckCarried(ulong number, ref SentDatagram datagram)
        {
            for (var index = 0; index < (Book is null ? 0 : datagram.CarriedCount); index++)
            {
                Assert.Equal(new CarriedSegment((byte)(number % 9), (uint)number), Book!.Carried(ref datagram, index));
            }
        }
    }
}
