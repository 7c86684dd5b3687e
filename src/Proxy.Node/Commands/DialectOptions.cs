using System.CommandLine;
using System.Net;
using Proxy.Policy;

namespace Proxy.Node.Commands;

/// <summary>How a tunnel speaks, and the guard around a dialect that seals nothing.</summary>
internal sealed class DialectOptions
{
    private readonly Option<string> _dialect = new("--dialect")
    {
        Description = "What is spoken on the wire. vproxy: as vproxy's KcpTun, unsealed. (native, sealed, comes with a later version.)",
        DefaultValueFactory = _ => "vproxy",
    };

    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Use the unsealed dialect beyond this machine: everybody on the way can read, alter and end what passes.",
    };

    private readonly Option<string[]> _keyFile = new("--key-file")
    {
        Description = "The key of a sealed tunnel. (For the native dialect, which comes with a later version.)",
        HelpName = "FILE",
    };

    public DialectOptions()
    {
        _dialect.AcceptOnlyFromAmong("vproxy", "native");
    }

    public void AddTo(Command command)
    {
        command.Add(_dialect);
        command.Add(_insecure);
        command.Add(_keyFile);
    }

    /// <summary>Refuses what this version does not have, rather than to run without the protection that was asked for.</summary>
    public void Check(ParseResult parsed)
    {
        if (parsed.GetValue(_dialect) == "native")
        {
            throw new UsageException("--dialect native: the sealed dialect is not in this version; --dialect vproxy is, for loopback or with --insecure");
        }

        if (parsed.GetValue(_keyFile) is { Length: > 0 })
        {
            throw new UsageException("--key-file: the vproxy dialect has no key and seals nothing; leave it out, and keep to loopback or say --insecure");
        }
    }

    /// <summary>Refuses an address beyond this machine unless --insecure was said.</summary>
    public void CheckAddress(ParseResult parsed, string what, string url, IEnumerable<IPAddress> addresses)
    {
        if (!parsed.GetValue(_insecure) && addresses.FirstOrDefault(address => !SpecialAddresses.IsLoopback(address)) is { } exposed)
        {
            throw new ConfigurationException(
                $"{what} {url}: the vproxy dialect is neither sealed nor authenticated, and {exposed} is not loopback: anybody who can send "
                + "there could use this proxy, and anybody on the way could read it. Use a loopback address, or say --insecure if that is meant");
        }
    }
}
