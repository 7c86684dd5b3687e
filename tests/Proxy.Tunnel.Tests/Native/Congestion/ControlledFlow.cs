using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>
/// A tunnel as far as the path sees it: the controller, the pacer and the measurement of delivery, with datagrams of nothing and an answer to
/// each that arrives. A hundred times faster than the engine, so that many links can be tried. Microseconds.
/// </summary>
internal sealed class ControlledFlow : IFlow
{
    public const int DatagramBytes = 1452;
    private const int LeastDatagramBytes = 1200;
    private const int Reordering = 3;
    private const long SilenceMicroseconds = 1_000_000;

    private readonly Bottleneck _bottleneck;
    private readonly double _roundTripMicroseconds;
    private readonly double _lossRate;
    private readonly double _jitterMicroseconds;
    private readonly Random _random;
    private readonly BandwidthController _controller;
    private readonly DeliveryRate _rate = new();
    private readonly Pacer _pacer = new();
    private readonly Queue<(double DueMicroseconds, long Number)> _answers = new();
    private readonly SentDatagram[] _ring = new SentDatagram[1 << 15];
    private long _oldest;
    private long _next;
    private long _bytesInFlight;
    private long _leastRoundTripMicroseconds = long.MaxValue;
    private readonly double _stallMicroseconds;
    private double _stalledUntilMicroseconds;
    private double _nextStallMicroseconds;
    private double _lastDueMicroseconds;
    private double _heardMicroseconds;
    private double _sendAtMicroseconds;

    /// <param name="bottleneck">Perhaps shared.</param>
    /// <param name="roundTripMicroseconds">Without a queue.</param>
    /// <param name="lossRate">Behind the bottleneck.</param>
    /// <param name="startMicroseconds">When it has something to send.</param>
    /// <param name="seed">Of losses, jitter, stalls, and the controller.</param>
    /// <param name="jitterMicroseconds">Added to the way back, up to that; what it overtakes comes with it.</param>
    /// <param name="stallMicroseconds">The process is called late, up to that, a tenth of the time.</param>
    public ControlledFlow(
        Bottleneck bottleneck,
        double roundTripMicroseconds,
        double lossRate,
        double startMicroseconds,
        int seed,
        double jitterMicroseconds = 0,
        double stallMicroseconds = 0)
    {
        _bottleneck = bottleneck;
        _roundTripMicroseconds = roundTripMicroseconds;
        _lossRate = lossRate;
        _jitterMicroseconds = jitterMicroseconds;
        _stallMicroseconds = stallMicroseconds;
        _sendAtMicroseconds = _heardMicroseconds = startMicroseconds;
        _random = new Random(seed);
        _controller = new BandwidthController(LeastDatagramBytes, (long)roundTripMicroseconds, new Random(_random.Next()));
    }

    public BandwidthController Controller => _controller;

    public long Delivered { get; private set; }

    public long Sent { get; private set; }

    public long Overflowed { get; private set; }

    public long BytesInFlight => _bytesInFlight;

    public long LatestRoundTripMicroseconds { get; private set; }

    public double NextMicroseconds
    {
        get
        {
            var silentMicroseconds = _bytesInFlight > 0 ? _heardMicroseconds + SilenceMicroseconds : double.MaxValue;
            var answeredMicroseconds = _answers.TryPeek(out var first) ? first.DueMicroseconds : silentMicroseconds;
            return Math.Max(_stalledUntilMicroseconds, Math.Min(answeredMicroseconds, _sendAtMicroseconds));
        }
    }

    public void Run(double nowMicroseconds)
    {
        var now = (long)nowMicroseconds;
        if (_stallMicroseconds > 0 && nowMicroseconds > _nextStallMicroseconds)
        {
            _nextStallMicroseconds = nowMicroseconds + (4 * _stallMicroseconds * -Math.Log(1 - _random.NextDouble()));
            _stalledUntilMicroseconds = nowMicroseconds + (_stallMicroseconds * _random.NextDouble());
            return;
        }

        while (_answers.TryPeek(out var answer) && answer.DueMicroseconds <= nowMicroseconds)
        {
            _answers.Dequeue();
            Take(answer.Number, now);
        }

        if (_bytesInFlight > 0 && nowMicroseconds >= _heardMicroseconds + SilenceMicroseconds)
        {
            Lose(_next, now, 0);
        }

        if (nowMicroseconds >= _sendAtMicroseconds || _bytesInFlight + DatagramBytes <= _controller.WindowBytes)
        {
            Send(nowMicroseconds, now);
        }
    }

    private void Send(double nowMicroseconds, long now)
    {
        if (nowMicroseconds < _heardMicroseconds && _next == 0)
        {
            return;
        }

        _sendAtMicroseconds = double.MaxValue;
        while (_bytesInFlight + DatagramBytes <= _controller.WindowBytes)
        {
            if (!_pacer.CanSend(DatagramBytes, _controller.PacingBytesPerSecond, now))
            {
                _sendAtMicroseconds = _pacer.NextMicroseconds(DatagramBytes, _controller.PacingBytesPerSecond, now);
                return;
            }

            var datagram = new SentDatagram { SentMicroseconds = now, Bytes = DatagramBytes, State = SentState.Outstanding };
            _rate.Stamp(ref datagram, _bytesInFlight);
            _pacer.HandleSent(DatagramBytes);
            _bytesInFlight += DatagramBytes;
            Sent += DatagramBytes;
            _ring[_next & (_ring.Length - 1)] = datagram;
            if (_bottleneck.Pass(DatagramBytes, nowMicroseconds) is not { } leaves)
            {
                Overflowed += DatagramBytes;
            }
            else if (_random.NextDouble() >= _lossRate)
            {
                var due = leaves + _roundTripMicroseconds + (_jitterMicroseconds * _random.NextDouble());
                _lastDueMicroseconds = Math.Max(_lastDueMicroseconds, due);
                _answers.Enqueue((_lastDueMicroseconds, _next));
            }

            _next++;
        }
    }

    private void Take(long number, long now)
    {
        _heardMicroseconds = now;
        ref var datagram = ref _ring[number & (_ring.Length - 1)];
        if (datagram.State != SentState.Outstanding)
        {
            return;
        }

        datagram.State = SentState.Gone;
        _bytesInFlight -= DatagramBytes;
        Delivered += DatagramBytes;
        LatestRoundTripMicroseconds = now - datagram.SentMicroseconds;
        _leastRoundTripMicroseconds = Math.Min(_leastRoundTripMicroseconds, LatestRoundTripMicroseconds);
        _rate.HandleDelivered(ref datagram, now);
        Lose(number - Reordering + 1, now, DatagramBytes);
    }

    /// <summary>Those before that number will not come any more. Then the controller hears of all.</summary>
    private void Lose(long before, long now, long acknowledgedBytes)
    {
        var lost = 0L;
        for (; _oldest < _next && (_oldest < before || _ring[_oldest & (_ring.Length - 1)].State == SentState.Gone); _oldest++)
        {
            ref var datagram = ref _ring[_oldest & (_ring.Length - 1)];
            if (datagram.State == SentState.Outstanding)
            {
                datagram.State = SentState.Lost;
                _bytesInFlight -= DatagramBytes;
                lost += DatagramBytes;
            }
        }

        _heardMicroseconds = now;
        _controller.Handle(new PathReport(
            now,
            _rate.TakeSample(_leastRoundTripMicroseconds),
            acknowledgedBytes > 0 ? LatestRoundTripMicroseconds : 0,
            acknowledgedBytes,
            lost,
            _rate.DeliveredBytes,
            _bytesInFlight));
    }
}
