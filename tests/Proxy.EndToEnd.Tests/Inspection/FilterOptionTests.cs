using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Inspection;

/// <summary>What the command line says to filters and rates that cannot be.</summary>
[Collection(OnlyWaits.First)]
public sealed class FilterOptionTests : EndToEndTest
{
    private const int UsageError = 2;
    private const int ConfigurationError = 78;

    [Theory]
    [InlineData("nonsense", "there is no filter 'nonsense'")]
    [InlineData("log=octal,dir=/tmp", "log=hex or log=text is expected")]
    [InlineData("log=hex", "dir=VALUE is missing")]
    [InlineData("log=hex,dir=/tmp,colour=red", "'colour=red' is no option of log")]
    [InlineData("match=", "a pattern has 1 to 256 bytes")]
    [InlineData("match=a,a", "a pattern stands there twice")]
    [InlineData("match=a,action=explode", "action=count or action=cut")]
    [InlineData(@"match=\q", "a backslash is followed by")]
    [InlineData(@"match=\x4", "a backslash is followed by")]
    [InlineData("replace=a", "with=VALUE is missing")]
    [InlineData("replace=a,with=b,direction=sideways", "direction=up, direction=down or direction=both")]
    [InlineData("throttle=fast", "a rate is expected")]
    [InlineData("throttle=0B/s", "a rate is expected")]
    [InlineData("cut=soon", "neither a size")]
    [InlineData("cut=0s", "a time above 0")]
    public async Task A_text_that_is_no_filter_is_a_usage_error_that_says_why(string filter, string why)
    {
        var result = await RunAsync("--filter", filter);

        Assert.Equal(UsageError, result.ExitCode);
        Assert.Contains($"'{filter}'", result.Errors);
        Assert.Contains(why, result.Errors);
    }

    [Theory]
    [InlineData("10")]
    [InlineData("10MB")]
    [InlineData("-1MB/s")]
    [InlineData("1e9MB/s")]
    [InlineData("2000GB/s")]
    [InlineData("4bit/s")]
    [InlineData("99999999999999999999999999999GB/s")]
    public async Task A_rate_that_is_none_is_a_usage_error(string rate)
    {
        var result = await RunAsync("--connection-bandwidth-up", rate);

        Assert.Equal(UsageError, result.ExitCode);
        Assert.Contains($"--connection-bandwidth-up '{rate}': a rate is expected", result.Errors);
    }

    [Fact]
    public async Task A_plugin_that_cannot_be_used_is_a_configuration_error_that_says_why()
    {
        var sample = Executables.UppercaseFilter;
        using var work = new WorkDirectory();
        var text = work.File("text.dll");
        await File.WriteAllTextAsync(text, "not an assembly");
        (string Filter, string Why)[] cases =
        [
            ($"plugin={work.File("missing.dll")},type=Any", "there is no file"),
            ($"plugin={text},type=Any", "is not a .NET assembly"),
            ($"plugin={sample},type=Samples.Lowercase", "has no type 'Samples.Lowercase'; its filter factories: Samples.UppercaseFactory"),
            ($"plugin={sample},type=Samples.UppercaseFactory,argument=left", "the constructor of Samples.UppercaseFactory failed: up, down or both"),
            ($"log=hex,dir={work.File("missing")}", "does not exist"),
            ($"log=hex,dir={text}", "does not exist"),
        ];
        foreach (var (filter, why) in cases)
        {
            var result = await RunAsync("--filter", filter);
            Assert.Contains(why, result.Errors);
            Assert.Equal(ConfigurationError, result.ExitCode);
            Assert.DoesNotContain("   at ", result.Errors);
        }
    }

    private static Task<CommandResult> RunAsync(params string[] arguments) => CommandResult.OfNodeAsync(
        ["relay", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--admin", "127.0.0.1:0", .. arguments]);
}
