using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>
/// A loop's deadline on the world's agenda. Moving it to later leaves its earlier entry where it is, and that entry moves itself on: a
/// deadline that is set anew in every turn does not fill the agenda.
/// </summary>
internal sealed class SimulatedDeadline(SimulatedLoop loop, Action callback) : IDeadline, IThreadPoolWorkItem
{
    private const long Never = long.MaxValue;

    // The last moment that virtual time can express; what is set for later never comes.
    private static readonly long LastMicroseconds = TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond;
    private long _dueMicroseconds = Never;
    private long _entryMicroseconds = Never;

    public void Set(long dueMicroseconds)
    {
        loop.RequireCurrent();
        _dueMicroseconds = dueMicroseconds > LastMicroseconds ? Never : dueMicroseconds;
        EnterAgenda();
    }

    public void Cancel()
    {
        loop.RequireCurrent();
        _dueMicroseconds = Never;
    }

    /// <summary>The turn in which the callback runs, unless the deadline was cancelled or moved since it fell due.</summary>
    public void Execute()
    {
        if (_dueMicroseconds > loop.NowMicroseconds)
        {
            EnterAgenda();
            return;
        }

        _dueMicroseconds = Never;
        callback();
    }

    private void EnterAgenda()
    {
        if (_dueMicroseconds >= _entryMicroseconds)
        {
            return;
        }

        var entry = _entryMicroseconds = Math.Max(_dueMicroseconds, loop.NowMicroseconds);
        loop.World.Agenda.Add(TimeSpan.FromMicroseconds(entry), () =>
        {
            if (entry == _entryMicroseconds)
            {
                _entryMicroseconds = Never;
                loop.Post(this);
            }
        });
    }
}
