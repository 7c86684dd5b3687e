using System.Net;

namespace Proxy.Transport.Tests.Unix;

public sealed class UnixEndPointTests
{
    [Theory]
    [InlineData("unix:/run/web.sock", "/run/web.sock", "600")]
    [InlineData("unix:/run/web.sock?mode=666", "/run/web.sock", "666")]
    [InlineData("unix:/a b?mode=0660", "/a b", "660")]
    public void A_path_and_a_mode_are_read(string text, string path, string mode)
    {
        Assert.True(UnixEndPoint.TryParse(text, out var place, out var error), error);
        Assert.Equal((path, Convert.ToInt32(mode, 8)), (place.Path, (int)place.Mode));
        Assert.Equal($"unix:{path}", $"{place}");
    }

    [Theory]
    [InlineData("unix:web.sock", "the whole path")]
    [InlineData("unix:", "the whole path")]
    [InlineData("unix:/", "the whole path")]
    [InlineData("unix:/run/", "the whole path")]
    [InlineData("unix:/a\0b", "the whole path")]
    [InlineData("unix:/a?mode=", "is no mode")]
    [InlineData("unix:/a?mode=888", "is no mode")]
    [InlineData("unix:/a?mode=7777", "is no mode")]
    [InlineData("/run/web.sock", "is expected")]
    public void Anything_else_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(UnixEndPoint.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void No_path_is_longer_than_the_kernel_takes()
    {
        Assert.True(UnixEndPoint.TryParse($"unix:/{new string('a', UnixEndPoint.LongestPathBytes - 1)}", out _, out _));
        Assert.False(UnixEndPoint.TryParse($"unix:/{new string('a', UnixEndPoint.LongestPathBytes)}", out _, out _));
        Assert.False(UnixEndPoint.TryParse($"unix:/{new string('ä', UnixEndPoint.LongestPathBytes / 2)}", out _, out _));
    }

    [Fact]
    public void It_is_this_machines_to_rules_and_equal_to_its_like_alone()
    {
        var (one, same, other) = (Read("unix:/a"), Read("unix:/a"), Read("unix:/b"));

        Assert.Equal(IPAddress.Loopback, one.Address);
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.False(one.Equals(other) || one.Equals(new IPEndPoint(IPAddress.Loopback, 0)));
    }

    private static UnixEndPoint Read(string text) =>
        UnixEndPoint.TryParse(text, out var place, out var error) ? place : throw new ArgumentException(error, nameof(text));
}
