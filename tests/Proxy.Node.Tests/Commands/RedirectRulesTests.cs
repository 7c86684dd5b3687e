using Proxy.Node.Commands;
using Proxy.Policy.Rules;

namespace Proxy.Node.Tests.Commands;

public sealed class RedirectRulesTests
{
    [Fact]
    public void Rules_for_this_machine_leave_the_proxy_itself_and_what_is_local_alone()
    {
        Assert.Equal(
            """
            table inet tcpproxy-15001 {
              chain output {
                type nat hook output priority -100; policy accept;
                meta skuid "tcpproxy" return
                fib daddr type { local, broadcast, anycast, multicast } return
                ip daddr { 169.254.0.0/16 } return
                ip6 daddr { fe80::/10 } return
                meta l4proto tcp tcp dport { 80, 8000-8999 } redirect to :15001
              }
            }
            # to take it back: nft delete table inet tcpproxy-15001

            """.ReplaceLineEndings("\n"),
            RedirectCommand.Rules(15001, "tcpproxy", [], [], "80, 8000-8999"));
    }

    [Fact]
    public void Rules_for_others_name_their_interfaces_and_where_they_go()
    {
        var rules = RedirectCommand.Rules(1, null, ["eth0", "eth1"], [Network("10.0.0.0/8"), Network("2001:db8::/32"), Network("192.0.2.0/24")], null);

        Assert.Contains("    iifname { \"eth0\", \"eth1\" } meta l4proto tcp ip daddr { 10.0.0.0/8, 192.0.2.0/24 } redirect to :1\n", rules);
        Assert.Contains("    iifname { \"eth0\", \"eth1\" } meta l4proto tcp ip6 daddr { 2001:db8::/32 } redirect to :1\n", rules);
        Assert.DoesNotContain("chain output", rules);
    }

    [Fact]
    public void Somebody_has_to_be_redirected() => Assert.Throws<UsageException>(() => RedirectCommand.Rules(1, null, [], [], null));

    private static Cidr Network(string text)
    {
        Assert.True(Cidr.TryParse(text, out var network, out _));
        return network;
    }
}
