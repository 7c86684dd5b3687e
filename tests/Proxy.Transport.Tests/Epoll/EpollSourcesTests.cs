using Proxy.Transport.Epoll;

namespace Proxy.Transport.Tests.Epoll;

public sealed class EpollSourcesTests
{
    private readonly EpollSources _sources = new();

    [Fact]
    public void A_source_is_found_by_its_token_until_it_is_removed()
    {
        var (one, other) = (Added(), Added());
        Assert.Same(one, _sources.Find(one.Token));
        Assert.Same(other, _sources.Find(other.Token));

        _sources.Remove(one);
        Assert.Null(_sources.Find(one.Token));
        Assert.Equal([other], _sources.ToArray());
    }

    [Fact]
    public void An_old_event_does_not_reach_the_next_tenant_of_a_slot()
    {
        var old = Added();
        _sources.Remove(old);
        var next = Added();

        Assert.Null(_sources.Find(old.Token));
        Assert.Same(next, _sources.Find(next.Token));
        Assert.Equal((uint)old.Token, (uint)next.Token);
    }

    [Fact]
    public void Removing_twice_does_not_give_the_slot_to_two()
    {
        var old = Added();
        _sources.Remove(old);
        _sources.Remove(old);
        var (one, other) = (Added(), Added());

        Assert.Same(one, _sources.Find(one.Token));
        Assert.Same(other, _sources.Find(other.Token));
    }

    [Fact]
    public void Token_zero_is_nobodys()
    {
        Added();

        Assert.Null(_sources.Find(0));
    }

    private Nothing Added()
    {
        var source = new Nothing();
        _sources.Add(source);
        return source;
    }

    private sealed class Nothing : IEpollSource
    {
        public ulong Token { get; set; }

        public void OnEvents(uint events) => throw new InvalidOperationException();

        public void Dispose() => throw new InvalidOperationException();
    }
}
