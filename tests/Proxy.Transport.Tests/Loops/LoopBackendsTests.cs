using System.Runtime.InteropServices;
using Proxy.Transport.Epoll;
using Proxy.Transport.Portable;

namespace Proxy.Transport.Tests.Loops;

public sealed class LoopBackendsTests
{
    [Theory]
    [InlineData(LoopBackendKind.Portable)]
    [InlineData(LoopBackendKind.Auto)]
    public void A_group_has_as_many_loops_as_asked_and_says_what_they_are(LoopBackendKind kind)
    {
        using var group = LoopBackends.CreateGroup(kind, 3, new LoopSettings());

        Assert.Equal(["loop-0", "loop-1", "loop-2"], group.Loops.Select(loop => loop.Name));
        Assert.Equal(3, group.Counters.Distinct().Count());
        Assert.All(group.Loops, loop => Assert.Equal(group.Backend == LoopBackendKind.Epoll, loop is EpollLoop));
        Assert.All(group.Loops, loop => Assert.Equal(group.Backend == LoopBackendKind.Portable, loop is PortableLoop));
    }

    [Fact]
    public void Epoll_is_chosen_where_it_works()
    {
        var isExpected = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;
        using var group = LoopBackends.CreateGroup(LoopBackendKind.Auto, 1, new LoopSettings());

        Assert.Equal(isExpected ? LoopBackendKind.Epoll : LoopBackendKind.Portable, group.Backend);
    }

    [Fact]
    public void A_read_buffer_that_a_datagram_does_not_fit_into_is_refused()
    {
        var settings = new LoopSettings { ReadBufferBytes = LoopSettings.SmallestReadBufferBytes - 1 };

        Assert.Throws<ArgumentException>(() => LoopBackends.CreateGroup(LoopBackendKind.Auto, 1, settings));
    }
}
