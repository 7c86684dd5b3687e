using Proxy.Node.Commands;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Tests.Commands;

public sealed class FecTextTests
{
    [Theory]
    [InlineData("off", FecMode.Off, 20, 2)]
    [InlineData("adaptive", FecMode.Adaptive, 20, 2)]
    [InlineData("10/3", FecMode.Fixed, 10, 3)]
    [InlineData("64/16", FecMode.Fixed, 64, 16)]
    public void Error_correction_is_read(string text, FecMode mode, int members, int shards)
    {
        var settings = FecText.Apply(text, NativeTunnelSettings.Default);

        Assert.Equal((mode, members, shards), (settings!.Fec, settings.FecMembers, settings.FecShards));
        settings.Validate();
    }

    [Theory]
    [InlineData("")]
    [InlineData("on")]
    [InlineData("10")]
    [InlineData("/3")]
    [InlineData("10/")]
    [InlineData("-1/3")]
    [InlineData("10/3/1")]
    [InlineData("99999999999/3")]
    public void Anything_else_is_refused(string text) => Assert.Null(FecText.Apply(text, NativeTunnelSettings.Default));
}
