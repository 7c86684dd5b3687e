namespace Proxy.Transport.Epoll;

/// <summary>
/// Dialled connections of one loop that are younger than a second or two. Those that grow older are given the options that bound how long a
/// silent peer is borne with; most connections of a busy proxy never do, and are spared four system calls each. A list through the channels
/// themselves, oldest first. For the loop's thread only.
/// </summary>
internal sealed class YoungConnections(EpollLoop loop)
{
    private const long YouthMicroseconds = 1_000_000;
    private EpollChannel? _oldest;
    private EpollChannel? _youngest;
    private IDeadline? _growth;
    private bool _isGrowthSet;

    /// <summary>The channel has begun to connect.</summary>
    public void Add(EpollChannel channel)
    {
        channel.Young.BornMicroseconds = loop.NowMicroseconds;
        channel.Young.Older = _youngest;
        channel.Young.IsListed = true;
        if (_youngest is { } last)
        {
            last.Young.Younger = channel;
        }

        _youngest = channel;
        _oldest ??= channel;
        if (!_isGrowthSet)
        {
            SetGrowth(channel);
        }
    }

    /// <summary>The channel is gone; does nothing when it had grown older.</summary>
    public void Remove(EpollChannel channel)
    {
        if (!channel.Young.IsListed)
        {
            return;
        }

        var (older, younger) = (channel.Young.Older, channel.Young.Younger);
        if (older is null)
        {
            _oldest = younger;
        }
        else
        {
            older.Young.Younger = younger;
        }

        if (younger is null)
        {
            _youngest = older;
        }
        else
        {
            younger.Young.Older = older;
        }

        channel.Young = default;
    }

    // The deadline is not moved when the one it was set for has gone: it looks when it fires.
    private void Grow()
    {
        _isGrowthSet = false;
        while (_oldest is { } channel)
        {
            if (loop.NowMicroseconds - channel.Young.BornMicroseconds < YouthMicroseconds)
            {
                SetGrowth(channel);
                return;
            }

            Remove(channel);
            channel.ApplyPatience();
        }
    }

    private void SetGrowth(EpollChannel oldest)
    {
        _growth ??= loop.CreateDeadline(Grow);
        _growth.Set(oldest.Young.BornMicroseconds + YouthMicroseconds);
        _isGrowthSet = true;
    }

    /// <summary>A channel's place in the list.</summary>
    internal struct Place
    {
        public bool IsListed;
        public long BornMicroseconds;
        public EpollChannel? Older;
        public EpollChannel? Younger;
    }
}
