using System.CommandLine;
using System.Net;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Protocol;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Commands;

/// <summary>The hops of a client's chain.</summary>
internal sealed class ViaOptions
{
    public const string SetName = "via";

    private readonly Option<string[]> _via = new("--via")
    {
        Description = "A hop of a chain, reached over TCP: after the server, in order; without --server the chain begins at the first one. Headers are "
            + "sealed with the hop's key, and the payload is not: use tunnels where others can listen. May be repeated.",
        HelpName = "chain://HOST:PORT[?key-file=FILE]",
    };

    public void AddTo(Command command) => command.Add(_via);

    /// <summary>Empty: there is no chain.</summary>
    public IReadOnlyList<ChainHop> Read(ParseResult parsed, DialectOptions dialect, bool hasServer, Func<Destination, IPAddress[]> look)
    {
        var texts = parsed.GetValue(_via) ?? [];
        if (texts.Length == 0 && !hasServer)
        {
            throw new UsageException("a client needs a --server, or a chain that begins with --via");
        }

        var most = ProtocolLimits.ChainHops - (hasServer ? 1 : 0);
        if (texts.Length > most)
        {
            throw new UsageException($"--via: a chain has at most {most} hops{(hasServer ? " after the server" : "")}");
        }

        return [.. texts.Select(text =>
        {
            var url = ChainUrl.Read(text, "--via");
            var address = Values.Target(url.HostAndPort, "--via");
            if (url.Key is null)
            {
                dialect.CheckOpenChain(parsed, "--via", text, look(address));
            }

            return new ChainHop(address, url.Key);
        })];
    }

    /// <summary>The one chain there is.</summary>
    /// <param name="tunnel">The tunnels it begins with, if it does.</param>
    public static ChainSetSettings SetOf(string? tunnel, IReadOnlyList<ChainHop> hops) => new()
    {
        Name = SetName,
        Chains = [new ChainSettings { Name = SetName, Tunnel = tunnel, Hops = hops }],
    };

    /// <summary>For the log at start.</summary>
    public IEnumerable<string> Describe(IReadOnlyList<ChainHop> hops) =>
        hops.Select((hop, index) => $"hop {index + 1} of {_via.Name}: {hop}, {(hop.Key is { } key ? $"headers sealed with the key {key}" : "headers open")}");
}
