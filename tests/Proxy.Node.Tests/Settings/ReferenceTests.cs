using System.Net;
using Proxy.Hocon;
using Proxy.Node.Settings;
using Proxy.Policy.Rules;

namespace Proxy.Node.Tests.Settings;

/// <summary>The list of settings and the code that reads them agree, both ways.</summary>
public sealed class ReferenceTests
{
    private static readonly HoconDocument Reference = HoconDocument.Parse(ReferenceText.Read(), ReferenceText.Name).GetOrThrow();

    private readonly SettingsReading _reading = new();

    [Fact]
    public void Every_setting_of_the_list_is_read_and_every_setting_that_is_read_is_in_the_list()
    {
        using var texts = new SettingsText();
        NodeReader.Read(Reference, new SettingsSource { Files = [], Environment = texts.Environment, IsCheckOnly = true }, out var reading);

        Assert.Equal("there is neither a frontend nor a server: the node would do nothing", Assert.Single(reading.Errors).Message);
        var opened = reading.Objects.Where(inside => !inside.IsTable).ToArray();
        Assert.All(opened, inside => Assert.Equal(inside.Keys.Order(StringComparer.Ordinal), inside.Known.Distinct().Order(StringComparer.Ordinal)));
        Assert.Equal(ObjectsIn(Reference.Section.Value).Count(), reading.Objects.Count + 1);
    }

    [Fact]
    public void The_defaults_of_the_list_are_those_of_the_program()
    {
        var read = DefaultsReader.Read(Root().Inside("defaults"), _reading);
        var own = Defaults.OfProgram;

        Assert.Empty(_reading.Errors);
        Assert.Equal(own.Upstream, read.Upstream with { Servers = own.Upstream.Servers, Tls = read.Upstream.Tls with { Protocols = own.Upstream.Tls.Protocols } });
        Assert.Equal(own.Tunnel, read.Tunnel with { Servers = own.Tunnel.Servers });
        Assert.Equal(own.Principal, read.Principal);
        Assert.Equal(own.Chain, read.Chain);
        Assert.Equal(own.Path, read.Path with { Via = own.Path.Via });
        Assert.Equal(own.Server, read.Server with { Listen = own.Server.Listen, Chains = own.Server.Chains, Allow = own.Server.Allow, Deny = own.Server.Deny, Tls = own.Server.Tls });
        Assert.Equal(own.Server.Tls.ReloadInterval, read.Server.Tls.ReloadInterval);
        Assert.Equal(own.Frontend, read.Frontend with
        {
            Filters = null,
            Via = own.Frontend.Via,
            Rules = own.Frontend.Rules,
            Routes = own.Frontend.Routes,
            Tls = own.Frontend.Tls,
        });
        var (ownTls, readTls) = (own.Frontend.Tls, read.Frontend.Tls);
        Assert.Equal(
            (ownTls.ClientAuthoritiesPath, ownTls.IsClientCertificateRequired, ownTls.ReloadInterval),
            (readTls.ClientAuthoritiesPath, readTls.IsClientCertificateRequired, readTls.ReloadInterval));

        // Lists are equal by their content only.
        Assert.Empty(read.Frontend.Filters!.Value.List());
        Assert.Empty(read.Frontend.Rules.Rules);
        Assert.Empty(read.Frontend.Routes);
        Assert.Empty(readTls.Certificates);
        Assert.Empty(readTls.ApplicationProtocols);
        Assert.Empty(read.Server.Listen);
        Assert.Empty(read.Server.Chains);
        Assert.Empty(read.Path.Via);
        Assert.Empty(read.Frontend.Via);
        Assert.Empty(read.Server.Allow);
        Assert.Empty(read.Server.Deny);
        Assert.Empty(read.Server.Tls.Certificates);
        Assert.Empty(read.Upstream.Servers);
        Assert.Empty(read.Upstream.Tls.Protocols);
        Assert.Empty(read.Tunnel.Servers);
    }

    [Fact]
    public void Whom_PROXY_headers_are_believed_by_default_is_this_machine_as_the_list_says()
    {
        Assert.True(Reference.Section.TryGetStrings("tcpproxy.defaults.frontend.proxy-protocol.trusted", out var listed, out _));
        var builder = new CidrSetBuilder();
        foreach (var network in listed)
        {
            builder.Add(network, "the list", line: 1);
        }

        var trusted = (ProxyHeaderSettings.Default with { IsIn = true }).Build().TrustedSenders!;
        Assert.True(trusted.Covers(builder.Build()) && builder.Build().Covers(trusted));
        Assert.True(trusted.Contains(IPAddress.Loopback));
    }

    [Fact]
    public void The_process_behaves_by_default_as_the_list_says()
    {
        var host = HostReader.Read(Root());

        Assert.Empty(_reading.Errors);
        Assert.Equal(HostReader.Default, host);
    }

    [Fact]
    public void Each_setting_has_a_line_that_says_what_it_is_for()
    {
        var lines = ReferenceText.Read().Split('\n');
        var bare = Enumerable.Range(1, lines.Length - 1)
            .Where(index => lines[index].Contains(" = ", StringComparison.Ordinal) && !lines[index].TrimStart().StartsWith('#'))
            .Where(index => !lines[index - 1].TrimStart().StartsWith('#'))
            .Select(index => $"{index + 1}: {lines[index]}");

        Assert.Empty(bare);
    }

    private SettingsObject Root() => _reading.Open(Reference, SettingsSource.Scope);

    private static IEnumerable<HoconObject> ObjectsIn(HoconValue value) => value is HoconObject inside
        ? [inside, .. inside.Values.SelectMany(ObjectsIn)]
        : [];
}
