using System.Net;
using System.Net.Sockets;
using Proxy.Node.Names;
using Proxy.TestKit;

namespace Proxy.Node.Tests.Names;

/// <summary>Names through the cache, from a name server of the test's own.</summary>
public sealed class CachingResolverTests
{
    [Fact]
    public async Task An_answer_is_kept_as_long_as_it_says_and_asked_for_once_however_many_want_it()
    {
        using var server = new NameServer { Say = _ => (IPAddress.Parse("192.0.2.7"), 60) };
        var clock = new SteppedClock();
        var resolver = Resolver(server, clock);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => resolver.ResolveAsync("Service.Example.test", CancellationToken.None)));
        Assert.All(answers, answer => Assert.Equal([IPAddress.Parse("192.0.2.7")], answer));
        Assert.Equal(2, server.Questions);

        server.Say = _ => (IPAddress.Parse("192.0.2.8"), 60);
        clock.Step(59);
        Assert.Equal([IPAddress.Parse("192.0.2.7")], await resolver.ResolveAsync("service.example.test", CancellationToken.None));
        clock.Step(2);
        Assert.Equal([IPAddress.Parse("192.0.2.8")], await resolver.ResolveAsync("service.example.test.", CancellationToken.None));
        Assert.Equal(4, server.Questions);
    }

    [Fact]
    public async Task That_there_is_no_such_name_is_kept_too()
    {
        using var server = new NameServer();
        var resolver = Resolver(server, new SteppedClock());

        for (var count = 0; count < 3; count++)
        {
            var failure = await Assert.ThrowsAsync<SocketException>(() => resolver.ResolveAsync("none.example.test", CancellationToken.None));
            Assert.Equal(SocketError.HostNotFound, failure.SocketErrorCode);
        }

        // Both families once; on a busy machine a question may be asked again before its answer is there.
        Assert.InRange(server.Questions, 2, 5);
        Assert.Equal((1, 2L, 1L), (resolver.Status().Names, resolver.Status().Hits, resolver.Status().Misses));
    }

    [Fact]
    public async Task While_nobody_answers_the_last_good_answer_is_given_and_without_one_it_fails()
    {
        using var server = new NameServer { Say = _ => (IPAddress.Parse("192.0.2.7"), 1) };
        var clock = new SteppedClock();
        var resolver = Resolver(server, clock);
        await resolver.ResolveAsync("service.example.test", CancellationToken.None);
        server.Say = null;
        clock.Step(100);

        Assert.Equal([IPAddress.Parse("192.0.2.7")], await resolver.ResolveAsync("service.example.test", CancellationToken.None));
        var failure = await Assert.ThrowsAsync<SocketException>(() => resolver.ResolveAsync("other.example.test", CancellationToken.None));

        Assert.Equal(SocketError.TryAgain, failure.SocketErrorCode);
        Assert.Equal((1L, 1L), (resolver.Status().Stale, resolver.Status().Failures));
    }

    [Fact]
    public async Task Addresses_and_what_the_hosts_file_knows_are_not_asked_for()
    {
        using var server = new NameServer { Say = _ => (IPAddress.Parse("192.0.2.7"), 1) };
        var resolver = Resolver(server, new SteppedClock());

        Assert.Equal([IPAddress.Parse("192.0.2.1")], await resolver.ResolveAsync("192.0.2.1", CancellationToken.None));
        Assert.Contains(await resolver.ResolveAsync("localhost", CancellationToken.None), IPAddress.IsLoopback);
        Assert.Equal(0, server.Questions);
    }

    private static CachingResolver Resolver(NameServer server, TimeProvider clock) =>
        (NameSettings.Default with { Servers = [server.Address], Timeout = TimeSpan.FromMilliseconds(200) }).CreateResolver(clock);

    private sealed class SteppedClock : TimeProvider
    {
        private long _microseconds = 1_000_000_000;

        public override long TimestampFrequency => 1_000_000;

        public override long GetTimestamp() => _microseconds;

        public void Step(int seconds) => _microseconds += seconds * 1_000_000L;
    }
}
