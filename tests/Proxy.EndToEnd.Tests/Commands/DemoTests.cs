using System.Text.RegularExpressions;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.EndToEnd.Tests.Commands;

public sealed partial class DemoTests : EndToEndTest
{
    [Fact]
    public async Task The_demo_ends_with_0_and_shows_the_same_digest_at_both_ends()
    {
        var result = await CommandResult.OfAsync(Executables.Node, ["demo", "--seed", Executables.Seed], TimeSpan.FromSeconds(100));

        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        var digests = Sha256InHex().Matches(result.Output).Select(match => match.Value).ToList();
        Assert.True(digests.Count >= 2, $"fewer than two digests in: {result.Output}");
        Assert.Single(digests.Distinct(StringComparer.OrdinalIgnoreCase));
        Assert.Contains("http://127.0.0.1:", result.Output);
        Assert.Contains("a member as server-2", result.Output);
    }

    [GeneratedRegex(@"\b[0-9a-fA-F]{64}\b", RegexOptions.NonBacktracking)]
    private static partial Regex Sha256InHex();
}
