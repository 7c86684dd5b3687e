namespace Proxy.Kernel;

/// <summary>
/// The receive timeout: one timer that is not touched per message. A message only notes the time; when the timer fires too early, it is armed
/// again for what is left.
/// </summary>
internal sealed class ReceiveTimer : AutoReceivedMessage
{
    private readonly TimeProvider _time;
    private readonly Mailbox _mailbox;
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;
    private long _lastMessage;

    public ReceiveTimer(TimeProvider time, Mailbox mailbox, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        _time = time;
        _mailbox = mailbox;
        _timeout = timeout;
        _lastMessage = time.GetTimestamp();
        _timer = time.CreateTimer(static timer => ((ReceiveTimer)timer!).Fire(), this, timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>A message was handled.</summary>
    public void Touch(object message)
    {
        if (message is not (INotInfluenceReceiveTimeout or ReceiveTimer))
        {
            _lastMessage = _time.GetTimestamp();
        }
    }

    /// <summary>Whether the actor has been idle for the whole timeout. Arms the timer again in both cases.</summary>
    public bool IsIdleLongEnough()
    {
        var idle = _time.GetElapsedTime(_lastMessage);
        var isLongEnough = idle >= _timeout;
        if (isLongEnough)
        {
            _lastMessage = _time.GetTimestamp();
        }

        _timer.Change(isLongEnough ? _timeout : _timeout - idle, Timeout.InfiniteTimeSpan);
        return isLongEnough;
    }

    public void Dispose() => _timer.Dispose();

    public override string ToString() => "<ReceiveTimer>";

    private void Fire() => _mailbox.PostUnbounded(new Envelope(this, null));
}
