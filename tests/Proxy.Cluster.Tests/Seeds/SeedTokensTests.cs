using Proxy.Cluster.Engine;
using Proxy.Cluster.Seeds;

namespace Proxy.Cluster.Tests.Seeds;

public sealed class SeedTokensTests
{
    private int _made;

    [Fact]
    public void A_token_is_good_as_long_as_it_is_used()
    {
        var tokens = new SeedTokens("root", "secret", () => $"token-{++_made}");
        var token = tokens.Authenticate("root", "secret", 0)!;
        for (var minute = 1; minute < 60; minute++)
        {
            Assert.Null(tokens.Check(token, minute * 60 * Clock.Second));
        }

        Assert.Equal(EngineErrorKind.Unauthenticated, tokens.Check(token, 65 * 60 * Clock.Second)!.Kind);
        Assert.Equal(EngineErrorKind.Unauthenticated, tokens.Check("guess", 0)!.Kind);
        Assert.Contains("user name is empty", tokens.Check("", 0)!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root", "wrong")]
    [InlineData("roo", "tsecret")]
    [InlineData("rootsecret", "")]
    [InlineData("", "")]
    public void Nothing_but_name_and_password_gets_one(string name, string password) =>
        Assert.Null(new SeedTokens("root", "secret", () => "token").Authenticate(name, password, 0));
}
