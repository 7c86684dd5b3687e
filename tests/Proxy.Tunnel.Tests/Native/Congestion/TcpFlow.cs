namespace Proxy.Tunnel.Tests.Native.Congestion;

/// <summary>
/// A TCP bulk flow over a bottleneck, as far as it concerns who shares it: a window that doubles at first, then grows by a segment a round trip
/// (Reno) or by the cube of the time since the last loss, where that is more (CUBIC, RFC 9438), and shrinks for a lost segment, once a round
/// trip. Microseconds.
/// </summary>
internal sealed class TcpFlow(Bottleneck bottleneck, double roundTripMicroseconds, double startMicroseconds, bool isCubic = false) : IFlow
{
    private const int SegmentBytes = 1448;
    private const double CubicBeta = 0.7;
    private const double CubicScale = 0.4;

    private readonly Queue<(double DueMicroseconds, bool IsLost, double SentMicroseconds)> _answers = new();
    private double _window = 10;
    private double _threshold = double.MaxValue;
    private double _recoveryEndMicroseconds;
    private double _largestWindow;
    private double _renoWindow;
    private double _epochMicroseconds;
    private double _lastDueMicroseconds;
    private bool _hasBegun;

    public long Delivered { get; private set; }

    public long Sent { get; private set; }

    public double NextMicroseconds => _answers.TryPeek(out var answer) ? answer.DueMicroseconds : _hasBegun ? double.MaxValue : startMicroseconds;

    public void Run(double nowMicroseconds)
    {
        _hasBegun = _hasBegun || nowMicroseconds >= startMicroseconds;
        while (_answers.TryPeek(out var answer) && answer.DueMicroseconds <= nowMicroseconds)
        {
            _answers.Dequeue();
            Take(answer.IsLost, answer.SentMicroseconds, nowMicroseconds);
        }

        while (_hasBegun && _answers.Count < (int)_window)
        {
            var leaves = bottleneck.Pass(SegmentBytes, nowMicroseconds);
            Sent += SegmentBytes;

            // What was dropped shows when those around it are answered.
            _lastDueMicroseconds = Math.Max(_lastDueMicroseconds, (leaves ?? nowMicroseconds) + roundTripMicroseconds);
            _answers.Enqueue((_lastDueMicroseconds, leaves is null, nowMicroseconds));
        }
    }

    private void Take(bool isLost, double sentMicroseconds, double nowMicroseconds)
    {
        if (!isLost)
        {
            Delivered += SegmentBytes;
            Grow(nowMicroseconds);
        }
        else if (sentMicroseconds >= _recoveryEndMicroseconds)
        {
            _largestWindow = _window;
            _threshold = _window = _renoWindow = Math.Max(2, _window * (isCubic ? CubicBeta : 0.5));
            _recoveryEndMicroseconds = _epochMicroseconds = nowMicroseconds;
        }
    }

    private void Grow(double nowMicroseconds)
    {
        if (_window < _threshold)
        {
            _window++;
        }
        else if (!isCubic)
        {
            _window += 1 / _window;
        }
        else
        {
            _renoWindow += 3 * (1 - CubicBeta) / (1 + CubicBeta) / _renoWindow;
            var untilLargest = Math.Cbrt(_largestWindow * (1 - CubicBeta) / CubicScale);
            var seconds = (nowMicroseconds - _epochMicroseconds + roundTripMicroseconds) / 1_000_000;
            var target = Math.Clamp((CubicScale * Math.Pow(seconds - untilLargest, 3)) + _largestWindow, _window, 1.5 * _window);
            _window = Math.Max(_renoWindow, _window + ((target - _window) / _window));
        }
    }
}
