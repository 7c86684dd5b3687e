namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// A TCP bulk flow over a bottleneck, as far as it concerns who shares it: a window that grows by a segment a round trip, or doubles at first,
/// and halves for a lost segment, once a round trip. Microseconds.
/// </summary>
internal sealed class RenoFlow(Bottleneck bottleneck, double delayMicroseconds, double startMicroseconds)
{
    private const int SegmentBytes = 1448;

    private readonly Queue<(double DueMicroseconds, bool IsLost, double SentMicroseconds)> _answers = new();
    private double _window = 10;
    private double _threshold = double.MaxValue;
    private double _recoveryEndMicroseconds;
    private bool _hasBegun;

    public long Delivered { get; private set; }

    public double NextMicroseconds => _answers.TryPeek(out var answer) ? answer.DueMicroseconds : _hasBegun ? double.MaxValue : startMicroseconds;

    /// <summary>Takes the answers that are due and sends what the window allows.</summary>
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
            var due = (leaves ?? _answers.LastOrDefault().DueMicroseconds - (2 * delayMicroseconds)) + (2 * delayMicroseconds);
            _answers.Enqueue((Math.Max(due, nowMicroseconds + (2 * delayMicroseconds)), leaves is null, nowMicroseconds));
        }
    }

    private void Take(bool isLost, double sentMicroseconds, double nowMicroseconds)
    {
        if (!isLost)
        {
            Delivered += SegmentBytes;
            _window += _window < _threshold ? 1 : 1 / _window;
        }
        else if (sentMicroseconds >= _recoveryEndMicroseconds)
        {
            _threshold = _window = Math.Max(2, _window / 2);
            _recoveryEndMicroseconds = nowMicroseconds;
        }
    }
}
