using System.Net;
using Proxy.Transport.Dials;

namespace Proxy.Transport.Tests.Dials;

public sealed class SystemNameResolverTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task An_address_is_its_own_name(string address) =>
        Assert.Equal([IPAddress.Parse(address)], await new SystemNameResolver().ResolveAsync(address, CancellationToken.None));
}
