using Proxy.Node.Commands;

namespace Proxy.Node.Tests.Commands;

public sealed class RateTextTests
{
    [Theory]
    [InlineData("1B/s", 1)]
    [InlineData("500KB/s", 500_000)]
    [InlineData("500kB/s", 500_000)]
    [InlineData("1.5MB/s", 1_500_000)]
    [InlineData("10MiB/s", 10_485_760)]
    [InlineData("2GiB/s", 2_147_483_648)]
    [InlineData("8Mbit/s", 1_000_000)]
    [InlineData("1Kibit/s", 128)]
    [InlineData("8bit/s", 1)]
    [InlineData("1000GB/s", 1_000_000_000_000)]
    [InlineData("100/s", 100)]
    public void A_rate_is_read_with_its_unit(string text, long bytesPerSecond) => Assert.Equal(bytesPerSecond, RateText.Rate(text, "--rate"));

    [Theory]
    [InlineData("")]
    [InlineData("/s")]
    [InlineData("MB/s")]
    [InlineData("10MB")]
    [InlineData("0MB/s")]
    [InlineData("7bit/s")]
    [InlineData("-1MB/s")]
    [InlineData("1,000B/s")]
    [InlineData("1e3B/s")]
    [InlineData("10mb/s")]
    [InlineData("1001GB/s")]
    [InlineData("79228162514264337593543950335GB/s")]
    public void Anything_else_is_refused_with_an_example(string text)
    {
        var refusal = Assert.Throws<UsageException>(() => RateText.Rate(text, "--rate"));
        Assert.StartsWith($"--rate '{text}': a rate is expected, such as 500KB/s", refusal.Message);
    }

    [Theory]
    [InlineData("1000", true, 1000)]
    [InlineData("10KiB", true, 10_240)]
    [InlineData("1000000000GB", true, 1_000_000_000_000_000_000)]
    [InlineData("1000000001GB", false, 0)]
    [InlineData("0", false, 0)]
    [InlineData("5m", false, 0)]
    public void A_size_is_read_with_its_unit(string text, bool isSize, long bytes) => Assert.Equal((isSize, bytes), (RateText.TrySize(text, out var read), read));
}
