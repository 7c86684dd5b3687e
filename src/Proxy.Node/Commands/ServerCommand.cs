using System.CommandLine;
using System.Net;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Policy;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Commands;

/// <summary><c>tcpproxy server</c>: the far end of tunnels.</summary>
internal static class ServerCommand
{
    public static Command Create()
    {
        var listen = new Option<string[]>("--listen")
        {
            Description = "Where tunnels are taken: kcp:// over UDP, tcp:// for where UDP does not pass, tls:// for where nothing but TLS does "
                + "(with --tls-cert); and chain:// for hops of chains without a tunnel, chain+udp:// for their datagrams, with the server's keys or one of its own (?key-file=FILE). "
                + "May be repeated.",
            HelpName = "kcp|tcp|tls|chain|chain+udp://HOST:PORT",
            Required = true,
        };
        var allow = new Option<string[]>("--allow-destination")
        {
            Description = "Where clients' streams may go; may be repeated. Nothing is allowed without it, and loopback, link-local and metadata "
                + "addresses only when named themselves (127.0.0.0/8), never by 0.0.0.0/0.",
            HelpName = "CIDR-or-name[:PORTS]",
        };
        var to = new Option<string?>("--to")
        {
            Description = "One target for every stream, which then carries no header: for clients that are a vproxy KcpTun, or --forward LISTEN=-.",
            HelpName = "HOST:PORT",
        };
        var proxyProtocol = new ProxyProtocolOptions();
        var tls = new TunnelTlsOptions();
        var principals = new PrincipalOptions();
        var dialect = DialectOptions.ForServer();
        var cluster = new ClusterOptions();
        var common = new CommonOptions();
        var command = new Command("server", "Takes tunnels from proxy clients and connects their streams to real servers.") { listen, allow, to };
        proxyProtocol.AddOutTo(command);
        tls.AddServerTo(command);
        dialect.AddTo(command);
        principals.AddTo(command);
        var udpIdle = new UdpIdleOption();
        udpIdle.AddTo(command);
        var sources = new SourceOption();
        sources.AddTo(command);
        cluster.AddServerTo(command);
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var all = parsed.GetRequiredValue(listen);
            var chains = all.Where(ChainUrl.IsOne).Select(url => ChainOf(parsed, dialect, url)).ToArray();
            var urls = all.Where(url => !ChainUrl.IsOne(url)).ToArray();
            var listens = urls.Select(url => ListenOf(url)).ToArray();
            for (var i = 0; i < urls.Length; i++)
            {
                dialect.CheckTransport(parsed, "--listen", listens[i].Transport);
                dialect.CheckAddress(parsed, "--listen", urls[i], [listens[i].EndPoint.Address]);
            }

            var ofTls = EndPointsOf(listens, TunnelTransport.Tls);
            var termination = tls.ReadServer(parsed, ofTls.Length > 0);
            IReadOnlyList<string> lines = [];
            var native = urls.Length > 0 ? dialect.ReadServer(parsed, out lines) : null;
            return NodeHost.RunAsync(
                new NodeSettings
                {
                    Name = common.NameOf(parsed),
                    Servers =
                    [
                        new ServerSettings
                        {
                            Listen = EndPointsOf(listens, TunnelTransport.Kcp),
                            ListenTcp = EndPointsOf(listens, TunnelTransport.Tcp),
                            ListenTls = ofTls,
                            Tls = termination,
                            Native = native,
                            Sources = sources.Read(parsed),
                            Timeouts = udpIdle.Apply(parsed, ConnectionTimeouts.Default),
                            Chains = chains,
                            Destinations = Rules(parsed.GetValue(allow) ?? []),
                            Principals = principals.Read(parsed, [.. (native?.Keys.Keys ?? []).Concat(chains.SelectMany(chain => chain.Keys)).Select(key => key.Name).Distinct()]),
                            ProxyProtocolOut = proxyProtocol.ReadOut(parsed),
                            FixedTarget = parsed.GetValue(to) is { } target ? Values.Target(target, "--to") : null,
                        },
                    ],
                },
                common.Read(parsed) with { Cluster = cluster.ReadServer(parsed), StartLines = [dialect.Describe(parsed), .. lines] });
        });
        return command;
    }

    private static ChainServerSettings ChainOf(ParseResult parsed, DialectOptions dialect, string text)
    {
        var url = ChainUrl.Read(text, "--listen");
        var listen = Values.ListenEndPoint(url.HostAndPort, "--listen");
        IReadOnlyList<PresharedKey> keys = url.Key is { } own ? [own] : dialect.ReadOptionalKeys(parsed);
        if (keys.Count == 0 && url.IsUdp)
        {
            throw new UsageException($"--listen {text}: datagrams are taken with sealed headers only; name a key, ?key-file=FILE");
        }

        if (keys.Count == 0)
        {
            dialect.CheckOpenChain(parsed, "--listen", text, [listen.Address]);
        }

        return new ChainServerSettings { Listen = listen, IsUdp = url.IsUdp, Keys = keys };
    }

    private static (TunnelTransport Transport, IPEndPoint EndPoint) ListenOf(string url)
    {
        var (transport, text) = Values.TunnelUrl(url, "--listen");
        return (transport, Values.ListenEndPoint(text, "--listen"));
    }

    private static IPEndPoint[] EndPointsOf(IEnumerable<(TunnelTransport Transport, IPEndPoint EndPoint)> listens, TunnelTransport transport) =>
        [.. listens.Where(listen => listen.Transport == transport).Select(listen => listen.EndPoint)];

    private static DestinationRules Rules(IEnumerable<string> texts) => new([.. texts.Select(text =>
        DestinationRule.TryParse(text, out var rule, out var error) ? rule : throw new UsageException($"--allow-destination: {error}"))]);
}
