namespace Proxy.Transport.Epoll;

/// <summary>Something with a descriptor that an <see cref="EpollLoop"/> watches. It is disposed of when the loop ends, and then tells no handler.</summary>
internal interface IEpollSource : IDisposable
{
    /// <summary>What the kernel knows it by; given by <see cref="EpollSources"/>.</summary>
    ulong Token { get; set; }

    /// <summary>A turn: readiness has changed (edge-triggered), <paramref name="events"/> are EPOLLIN and friends. Does not throw.</summary>
    void OnEvents(uint events);
}

/// <summary>
/// The sources of one loop by token: a slot and how often it was used. An event that was fetched with others and whose source was closed
/// meanwhile finds nobody, even when its slot has a new tenant.
/// </summary>
internal sealed class EpollSources
{
    private readonly List<(IEpollSource? Source, uint Uses)> _slots = [];
    private readonly Stack<int> _free = new();

    public void Add(IEpollSource source)
    {
        if (!_free.TryPop(out var slot))
        {
            slot = _slots.Count;
            _slots.Add(default);
        }

        var uses = _slots[slot].Uses + 1;
        _slots[slot] = (source, uses);
        source.Token = ((ulong)uses << 32) | (uint)slot;
    }

    public void Remove(IEpollSource source)
    {
        var slot = (int)(uint)source.Token;
        if (Find(source.Token) == source)
        {
            _slots[slot] = (null, _slots[slot].Uses);
            _free.Push(slot);
        }
    }

    /// <summary>Null when it is gone. Token 0 is nobody's.</summary>
    public IEpollSource? Find(ulong token)
    {
        var slot = (int)(uint)token;
        return slot < _slots.Count && _slots[slot].Uses == token >> 32 ? _slots[slot].Source : null;
    }

    public IEpollSource[] ToArray() => [.. _slots.Where(slot => slot.Source is not null).Select(slot => slot.Source!)];
}
