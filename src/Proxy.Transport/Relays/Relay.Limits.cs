namespace Proxy.Transport.Relays;

/// <summary>
/// The limits of a relay share one deadline. A byte only writes down the time; the deadline looks at it when it fires, and sets itself anew,
/// so the loop's heap is touched about once per limit and not once per read.
/// </summary>
public sealed partial class Relay
{
    private readonly RelaySettings _settings;
    private readonly IDeadline _limit;
    private long _lastActivityMicroseconds;
    private long _lifetimeEndMicroseconds;

    private bool IsHalfClosed => _client.HasEnded || _upstream.HasEnded;

    private void BeginLimits()
    {
        NoteActivity();
        _lifetimeEndMicroseconds = After(_loop.NowMicroseconds, _settings.Lifetime);
        SetLimit();
    }

    private void NoteActivity() => _lastActivityMicroseconds = _loop.NowMicroseconds;

    private void OnLimit()
    {
        var now = _loop.NowMicroseconds;
        if (now >= _lifetimeEndMicroseconds)
        {
            EndWithReset(RelayEndKind.LifetimeReached, default);
        }
        else if (now >= QuietEndMicroseconds() && CarriesPackets)
        {
            // Datagrams have no other end than that.
            if (TryEnd(RelayEndKind.Completed, default))
            {
                CloseBoth();
            }
        }
        else if (now >= QuietEndMicroseconds())
        {
            EndWithReset(IsHalfClosed ? RelayEndKind.HalfCloseTimeout : RelayEndKind.IdleTimeout, default);
        }
        else
        {
            SetLimit();
        }
    }

    private void SetLimit()
    {
        var due = Math.Min(_lifetimeEndMicroseconds, QuietEndMicroseconds());
        if (due == long.MaxValue)
        {
            _limit.Cancel();
        }
        else
        {
            _limit.Set(due);
        }
    }

    private long QuietEndMicroseconds() => After(_lastActivityMicroseconds, IsHalfClosed ? _settings.HalfCloseTimeout : _settings.IdleTimeout);

    private static long After(long startMicroseconds, TimeSpan limit) =>
        limit <= TimeSpan.Zero ? long.MaxValue : startMicroseconds + (limit.Ticks / TimeSpan.TicksPerMicrosecond);
}
