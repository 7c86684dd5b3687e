namespace Proxy.Transport.Portable;

/// <summary>
/// The loop on .NET sockets: for systems without epoll, and under <see cref="System.Net.Security.SslStream"/>. Completions of sockets are
/// posted to it, so no handler runs anywhere else. Deadlines: never early, at most about 1 ms late on an idle loop (the wait is in whole
/// milliseconds, rounded up).
/// </summary>
internal sealed partial class PortableLoop : RunLoop
{
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0);

    /// <summary>Starts the loop's thread.</summary>
    public PortableLoop(string name, LoopSettings settings)
        : base(name, settings) => Start();

    protected override int Wait(long microseconds)
    {
        if (microseconds != 0)
        {
            var isEndless = microseconds == long.MaxValue;
            _wake.Wait(isEndless ? Timeout.Infinite : (int)Math.Min((microseconds + 999) / 1000, int.MaxValue));
        }

        if (_wake.IsSet)
        {
            _wake.Reset();
        }

        return 0;
    }

    protected override void RunEvents(int count)
    {
        // All that happens to sockets was posted.
    }

    protected override void Wake() => _wake.Set();

    protected override void CloseEverything()
    {
        foreach (var resource in _open.ToArray())
        {
            resource.Dispose();
        }
    }
}
