using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Commands;

[Collection(OnlyWaits.Second)]
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

    [Fact]
    public async Task The_public_key_of_a_file_is_a_point_and_always_the_same()
    {
        using var work = new WorkDirectory();
        var file = work.File("key");
        await CommandResult.OfNodeAsync("keygen", "--out", file);

        var first = await CommandResult.OfNodeAsync("keygen", "--public-of", file);
        var second = await CommandResult.OfNodeAsync("keygen", "--public-of", file);

        Assert.True(first.ExitCode == 0, first.Errors);
        var point = Convert.FromBase64String(first.Output.Trim());
        Assert.Equal((65, 4), (point.Length, point[0]));
        Assert.Equal(first.Output, second.Output);
    }

    [Fact]
    public async Task A_file_that_others_may_read_is_not_used()
    {
        using var work = new WorkDirectory();
        var file = work.File("key");
        await CommandResult.OfNodeAsync("keygen", "--out", file);
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.OtherRead);

        var result = await CommandResult.OfNodeAsync("keygen", "--public-of", file);

        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("chmod 600", result.Errors);
    }
}
