using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary>PROXY headers in and out; off unless asked for.</summary>
internal sealed class ProxyProtocolOptions
{
    private readonly Option<bool> _in = new("--proxy-protocol-in")
    {
        Description = "Trusted senders begin each connection with a PROXY header, v1 or v2, which says who the client is; one without is refused.",
    };

    private readonly Option<string[]> _trusted = new("--proxy-protocol-trusted")
    {
        Description = "Who is a trusted sender; may be repeated. Anybody else is taken for a client. Default: this machine (127.0.0.0/8 and ::1).",
        HelpName = "CIDR",
    };

    private readonly Option<string?> _out = new("--proxy-protocol-out")
    {
        Description = "Servers are told who the client is, by a PROXY header in front of its bytes.",
        HelpName = "v1|v2",
    };

    public ProxyProtocolOptions()
    {
        _out.AcceptOnlyFromAmong("v1", "v2");
    }

    public void AddTo(Command command)
    {
        AddInTo(command);
        AddOutTo(command);
    }

    /// <summary>For commands whose connections end elsewhere.</summary>
    public void AddInTo(Command command)
    {
        command.Add(_in);
        command.Add(_trusted);
    }

    /// <summary>For commands whose connections begin elsewhere.</summary>
    public void AddOutTo(Command command) => command.Add(_out);

    public ProxyProtocolSettings Read(ParseResult parsed) => new() { TrustedSenders = Trusted(parsed), Out = ReadOut(parsed) };

    public ProxyHeaderVersion? ReadOut(ParseResult parsed) => parsed.GetValue(_out) switch
    {
        "v1" => ProxyHeaderVersion.V1,
        "v2" => ProxyHeaderVersion.V2,
        _ => null,
    };

    private CidrSet? Trusted(ParseResult parsed)
    {
        var networks = parsed.GetValue(_trusted) ?? [];
        if (!parsed.GetValue(_in))
        {
            return networks.Length == 0 ? null : throw new UsageException("--proxy-protocol-trusted goes with --proxy-protocol-in");
        }

        var builder = new CidrSetBuilder();
        foreach (var network in networks is [] ? ThisMachine : networks)
        {
            builder.Add(network, "--proxy-protocol-trusted", line: 1);
        }

        return builder.Errors is [var error, ..] ? throw new UsageException($"--proxy-protocol-trusted: {error.Message}") : builder.Build();
    }

    private static readonly string[] ThisMachine = ["127.0.0.0/8", "::1"];
}
