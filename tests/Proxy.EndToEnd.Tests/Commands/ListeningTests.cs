using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Proxy.EndToEnd.Tests.Harness;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Commands;

/// <summary>The lines that scripts wait for: one per listener, with the port that port 0 became, then "ready"; nothing else on stdout.</summary>
[Collection(OnlyWaits.Second)]
public sealed partial class ListeningTests : EndToEndTest
{
    [Fact]
    public async Task A_server_prints_its_listeners_and_then_ready()
    {
        await using var server = await TunnelPair.StartServerAsync(port: 0);

        AssertLines(server, "kcp", "http");
    }

    [Fact]
    public async Task A_client_prints_a_line_for_each_forward_in_order_and_then_ready()
    {
        await using var echoing = TcpPeer.Echo();
        await using var digesting = TcpPeer.Digesting();
        await using var tunnel = await TunnelPair.StartAsync(echoing.Address, digesting.Address);

        AssertLines(tunnel.Client, "tcp", "tcp", "http");
        await Exchange.EchoAsync(tunnel.Client.Entries[0], new Content(Seed: 70, 1000), Limit);
        await Exchange.UploadAsync(tunnel.Client.Entries[1], new Content(Seed: 71, 1000), Limit);
    }

    [Fact]
    public async Task An_ipv6_address_is_given_and_printed_in_brackets()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var echoing = TcpPeer.Echo();
        await using var relay = await NodeProcess.StartAsync(
            "relay", "--listen", "[::1]:0", "--to", echoing.Address.ToString(), "--admin", "127.0.0.1:0");

        Assert.Equal(IPAddress.IPv6Loopback, relay.Tcp.Address);
        await Exchange.EchoAsync(relay.Tcp, new Content(Seed: 72, 1000), Limit);
    }

    private static void AssertLines(NodeProcess node, params string[] schemes)
    {
        Assert.Equal("ready", node.Output.Last());
        Assert.All(node.Output.SkipLast(1), line => Assert.Matches(ListeningLine(), line));
        Assert.Equal(schemes.Order(StringComparer.Ordinal), node.Listening.Select(address => address.Scheme).Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^listening (kcp|tcp|http)://127\.0\.0\.1:[1-9]\d*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ListeningLine();
}
