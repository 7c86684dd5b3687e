using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Commands;

public sealed class KeygenTests : EndToEndTest
{
    [Fact]
    public async Task A_key_file_can_be_read_by_its_owner_alone()
    {
        using var work = new WorkDirectory();
        var file = work.File("key");

        var result = await CommandResult.OfNodeAsync("keygen", "--out", file);

        Assert.True(result.ExitCode == 0, result.Errors);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.NotEmpty(await File.ReadAllTextAsync(file, Limit));
    }

    [Fact]
    public async Task Without_a_file_the_key_goes_to_stdout_and_each_is_a_new_one()
    {
        var first = await CommandResult.OfNodeAsync("keygen");
        var second = await CommandResult.OfNodeAsync("keygen");

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.NotEmpty(first.Output.Trim());
        Assert.NotEqual(first.Output, second.Output);
    }
}
