using Proxy.Policy.Rules;
using Proxy.Protocol.Ends;

namespace Proxy.Actors.Tests;

/// <summary>PROXY headers that a relay reads from trusted senders and writes to servers.</summary>
public sealed class ProxyHeaderTests
{
    private const string Header = "PROXY TCP4 192.0.2.7 198.51.100.1 50122 443\r\n";

    private readonly List<AccessLogEntry> _log = [];

    [Fact]
    public void The_client_that_a_trusted_header_names_is_who_the_connection_is_for_and_the_header_is_not_passed_on()
    {
        var rig = Trusting("10.0.0.1/32");
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send(Header + "question");
        application.Finish();

        rig.Until(() => target.Sockets is [{ Text: "question", HasSeenEnd: true }]);
        target.Sockets[0].Finish();
        rig.Until(() => rig.Node.HasLine("web 192.0.2.7:50122 -> 10.0.0.4:80: completed, 8 B up, 0 B down"));
        rig.EndWell();
    }

    [Fact]
    public void A_header_may_come_in_any_pieces()
    {
        foreach (var cut in Enumerable.Range(1, Header.Length - 1))
        {
            var rig = Trusting("10.0.0.1/32");
            var target = rig.StartTarget(0);
            var application = rig.Connect();

            application.Send(Header[..cut]);
            rig.RunFor(0.1);
            application.Send(Header[cut..] + "x");

            rig.Until(() => target.Sockets is [{ Text: "x" }]);
            application.Reset();
            rig.EndWell();
        }
    }

    [Fact]
    public void A_trusted_sender_without_a_header_is_reset_and_no_server_hears_of_it()
    {
        var rig = Trusting("10.0.0.1/32");
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send("GET / HTTP/1.1\r\n");

        rig.Until(() => application.WasReset);
        Assert.Empty(target.Sockets);
        Assert.True(rig.Node.HasLine("web 10.0.0.1:49152", "bad header", "NoHeader", "fault: client"), rig.Node.LastLines());
        Assert.Equal("PR", Assert.Single(_log).TerminationCode);
        rig.EndWell();
    }

    [Fact]
    public void A_trusted_sender_that_says_nothing_is_reset_when_its_time_is_up()
    {
        var rig = Trusting("10.0.0.1/32");
        var application = rig.Connect();
        application.Send(Header[..9]);
        rig.RunFor(4.9);
        Assert.Null(application.Fault);

        rig.Until(() => application.WasReset, 0.2);

        Assert.True(rig.Node.HasLine("header timeout", "fault: client"), rig.Node.LastLines());
        Assert.Equal("cR", Assert.Single(_log).TerminationCode);
        rig.EndWell();
    }

    [Fact]
    public void A_trusted_sender_that_finishes_inside_its_header_is_reset()
    {
        var rig = Trusting("10.0.0.1/32");
        var application = rig.Connect();

        application.Send(Header[..9]);
        application.Finish();

        rig.Until(() => application.WasReset);
        Assert.True(rig.Node.HasLine("bad header", "closed before"), rig.Node.LastLines());
        rig.EndWell();
    }

    [Fact]
    public void What_looks_like_a_header_from_anybody_else_is_payload()
    {
        var rig = Trusting("10.9.0.0/16");
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send(Header);

        rig.Until(() => target.Sockets is [{ Text: Header }]);
        application.Reset();
        rig.Until(() => rig.Node.HasLine("web 10.0.0.1:49152 -> 10.0.0.4:80: reset by client"));
        rig.EndWell();
    }

    [Fact]
    public void Rules_are_for_the_client_that_the_header_names_and_not_for_the_proxy()
    {
        var rig = Trusting("10.0.0.1/32", rules: RulesOf(AccessAction.Deny, "192.0.2.0/24", "10.0.0.0/8"));
        var target = rig.StartTarget(0);
        var allowed = rig.Connect();
        var denied = rig.Connect();
        denied.Send(Header);
        rig.Until(() => denied.WasReset);

        allowed.Send("PROXY TCP4 203.0.113.7 198.51.100.1 50122 443\r\nx");

        rig.Until(() => target.Sockets is [{ Text: "x" }]);
        Assert.True(rig.Node.HasLine("web 192.0.2.7:50122", "not allowed", "fault: client"), rig.Node.LastLines());
        Assert.Equal(1, rig.Node.Status().Frontends[0].Refusals.Single(refusal => refusal.Reason == "denied").Count);
        allowed.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_server_is_told_the_clients_own_address_in_front_of_its_bytes()
    {
        var rig = Make(settings => settings with { ProxyProtocol = new ProxyProtocolSettings { Out = ProxyHeaderVersion.V1 } });
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send("question");

        rig.Until(() => target.Sockets is [{ Text: "PROXY TCP4 10.0.0.1 10.0.0.2 49152 7000\r\nquestion" }]);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_header_that_came_in_version_1_goes_on_in_version_2()
    {
        var rig = Trusting("10.0.0.1/32", ProxyHeaderVersion.V2);
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send(Header + "x");

        byte[] expected =
        [
            .. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 50122 >> 8, 50122 & 0xFF, 443 >> 8, 443 & 0xFF, (byte)'x',
        ];
        rig.Until(() => target.Sockets is [{ Received: var received }] && received.SequenceEqual(expected));
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void An_unknown_client_stays_unknown()
    {
        var rig = Trusting("10.0.0.1/32", ProxyHeaderVersion.V1);
        var target = rig.StartTarget(0);
        var application = rig.Connect();

        application.Send("PROXY UNKNOWN\r\nx");

        rig.Until(() => target.Sockets is [{ Text: "PROXY UNKNOWN\r\nx" }]);
        application.Reset();
        rig.EndWell();
    }

    [Fact]
    public void A_connection_that_lives_has_a_line_at_its_start_one_in_each_interval_and_one_at_its_end()
    {
        var rig = Make(settings => settings);
        var target = rig.StartTarget(0);
        var application = rig.Connect();
        application.Send("12345");
        rig.RunFor(65);
        application.Finish();
        rig.Until(() => target.Sockets is [{ HasSeenEnd: true }]);
        target.Sockets[0].Finish();

        rig.Until(() => _log.Exists(entry => entry.Event == AccessLogEvents.End));

        Assert.Equal([AccessLogEvents.Start, .. Enumerable.Repeat(AccessLogEvents.Live, 4), AccessLogEvents.End], _log.Select(entry => entry.Event));
        Assert.All(_log.Skip(1), entry => Assert.Equal(5, entry.BytesFromClient));
        Assert.All(_log, entry => Assert.Equal((1L, "10.0.0.4:80", 0), (entry.Id, entry.Server, entry.Retries)));
        Assert.Equal((EndReason.Completed, "--"), (_log[^1].Reason, _log[^1].TerminationCode));
        Assert.InRange(_log[^1].Duration.TotalSeconds, 65, 66);
        rig.EndWell();
    }

    [Fact]
    public void A_server_that_was_passed_over_counts_as_a_retry()
    {
        var rig = Make(settings => settings);
        rig.StartTarget(1);
        var application = rig.Connect();
        rig.Until(() => _log.Count == 1);

        application.Reset();

        rig.Until(() => _log.Count == 2);
        Assert.All(_log, entry => Assert.Equal(("10.0.0.5:80", 1), (entry.Server, entry.Retries)));
        Assert.Equal("CD", _log[^1].TerminationCode);
        rig.EndWell();
    }

    private RelayRig Trusting(string network, ProxyHeaderVersion? version = null, AccessRules? rules = null) => Make(settings => settings with
    {
        ProxyProtocol = new ProxyProtocolSettings { TrustedSenders = SetOf(network), Out = version },
        Rules = rules ?? AccessRules.AllowAll,
    });

    private static AccessRules RulesOf(AccessAction action, params string[] networks) => new([new AccessRule("test", action, SetOf(networks))]);

    private static CidrSet SetOf(params string[] networks)
    {
        var builder = new CidrSetBuilder();
        Array.ForEach(networks, network => builder.Add(network, "test", line: 1));
        return builder.Build();
    }

    private RelayRig Make(Func<RelayPlan, RelayPlan> configure)
    {
        _log.Clear();
        return new RelayRig(configure, accessLog: new AccessLogSettings(new Sink(_log), AccessLogEvents.All, TimeSpan.FromSeconds(12)));
    }

    private sealed class Sink(List<AccessLogEntry> log) : IAccessLogSink
    {
        public void Write(AccessLogEntry entry) => log.Add(entry);
    }
}
