namespace Proxy.Kernel;

/// <summary>How often one child has been restarted within its supervisor's window.</summary>
internal sealed class RestartStatistics
{
    private int _restarts;
    private long _windowStart;
    private bool _windowOpen;

    /// <summary>Counts one more restart. Whether it is allowed.</summary>
    /// <param name="maximum">Restarts allowed within the window; negative for no limit.</param>
    /// <param name="window">The window's length; infinite counts for ever.</param>
    /// <param name="time">The system's clock.</param>
    public bool TryCountRestart(int maximum, TimeSpan window, TimeProvider time)
    {
        if (maximum < 0)
        {
            return true;
        }

        if (window != Timeout.InfiniteTimeSpan)
        {
            var now = time.GetTimestamp();
            if (!_windowOpen || time.GetElapsedTime(_windowStart, now) > window)
            {
                _windowOpen = true;
                _windowStart = now;
                _restarts = 0;
            }
        }

        return ++_restarts <= maximum;
    }
}
