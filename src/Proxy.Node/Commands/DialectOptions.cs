using System.CommandLine;
using System.Net;
using Proxy.Actors;
using Proxy.Node.Hosting;
using Proxy.Policy;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Commands;

/// <summary>How a tunnel speaks: sealed with a key, or unsealed, and then only with a guard around it.</summary>
internal sealed class DialectOptions
{
    private const string Native = "native";

    private readonly Option<string> _dialect = new("--dialect")
    {
        Description = "What is spoken on the wire, at both ends the same. native: sealed with a key. vproxy: as vproxy's KcpTun, unsealed.",
        DefaultValueFactory = _ => Native,
    };

    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Use the unsealed dialect beyond this machine: everybody on the way can read, alter and end what passes.",
    };

    private readonly Option<string[]> _keyFile = new("--key-file")
    {
        Description = "The key of a sealed tunnel, as 'tcpproxy keygen' makes it, the same at client and server; a server may have several, each with "
            + $"the name of who has it. Without it the key is in the environment's {KeySource.Variable}.",
        HelpName = "[NAME=]FILE",
    };

    private readonly TunnelOptions _tunnel = new();

    private readonly Option<string?> _serverKey;
    private readonly Option<string?>? _stateDirectory;

    private DialectOptions(Option<string?> serverKey, Option<string?>? stateDirectory)
    {
        (_serverKey, _stateDirectory) = (serverKey, stateDirectory);
        _dialect.AcceptOnlyFromAmong(Native, "vproxy");
    }

    public static DialectOptions ForClient() => new(
        new Option<string?>("--server-key")
        {
            Description = "The server's public key, as 'tcpproxy keygen --public-of FILE' prints it: then nobody else who has the shared key can play the server.",
            HelpName = "KEY",
        },
        stateDirectory: null);

    public static DialectOptions ForServer() => new(
        new Option<string?>("--server-key")
        {
            Description = "The server's own private key, as 'tcpproxy keygen' makes it, for clients that were given its public key.",
            HelpName = "FILE",
        },
        new Option<string?>("--state-dir")
        {
            Description = "Where the server keeps what lets clients notice its restart at once. Default: $XDG_STATE_HOME/tcpproxy or /var/lib/tcpproxy, "
                + "as far as it may write there.",
            HelpName = "DIR",
        });

    public void AddTo(Command command)
    {
        command.Add(_dialect);
        command.Add(_keyFile);
        command.Add(_serverKey);
        if (_stateDirectory is not null)
        {
            command.Add(_stateDirectory);
        }

        command.Add(_insecure);
        _tunnel.AddTo(command);
    }

    /// <summary>The sealed dialect at a client; null when the other one was asked for.</summary>
    public NativeClientSettings? ReadClient(ParseResult parsed)
    {
        if (!IsNative(parsed))
        {
            return null;
        }

        var tunnel = _tunnel.Read(parsed);
        var keys = ReadKeys(parsed);
        if (keys.Count > 1)
        {
            throw new UsageException("--key-file: a client has one key; several are for a server");
        }

        return new NativeClientSettings
        {
            Key = keys[0],
            ServerKey = parsed.GetValue(_serverKey) is { } text ? ReadPublicKey(text, "--server-key: ") : default,
            Tunnel = tunnel,
        };
    }

    /// <summary>The sealed dialect at a server; null when the other one was asked for.</summary>
    /// <param name="lines">For the log at start.</param>
    public NativeServerSettings? ReadServer(ParseResult parsed, out IReadOnlyList<string> lines)
    {
        lines = [];
        if (!IsNative(parsed))
        {
            return null;
        }

        var tunnel = _tunnel.Read(parsed);
        var keys = new KeyRing(ReadKeys(parsed));
        var secret = StateDirectory.ReadResetSecret(parsed.GetValue(_stateDirectory!), out var line);
        lines = [$"keys of {string.Join(", ", keys.Keys)}", line];
        return new NativeServerSettings
        {
            Keys = keys,
            ServerKey = parsed.GetValue(_serverKey) is { } path ? ReadPrivateKey(path, "--server-key ") : null,
            ResetSecret = secret,
            Tunnel = tunnel,
        };
    }

    /// <summary>How it is sealed, for the log.</summary>
    public string Describe(ParseResult parsed) =>
        IsNative(parsed) ? $"tunnels are sealed: {CipherChoice.Best.Name}" : "tunnels are not sealed: dialect vproxy";

    /// <summary>Refuses an address beyond this machine for the unsealed dialect, unless --insecure was said.</summary>
    public void CheckAddress(ParseResult parsed, string what, string url, IEnumerable<IPAddress> addresses)
    {
        if (!IsNative(parsed)
            && !parsed.GetValue(_insecure)
            && FirstExposed(addresses) is { } exposed)
        {
            throw new ConfigurationException($"{what} {Exposure(url, exposed)}. Use a loopback address, or say --insecure if that is meant");
        }
    }

    /// <summary>Refuses an address beyond this machine for chain headers without a seal, unless --insecure was said.</summary>
    public void CheckOpenChain(ParseResult parsed, string what, string url, IEnumerable<IPAddress> addresses)
    {
        if (!parsed.GetValue(_insecure) && FirstExposed(addresses) is { } exposed)
        {
            throw new ConfigurationException(
                $"{what} {OpenChain(url, exposed)}. Give it a key (--key-file at the server, ?key-file=FILE at the client), or say --insecure if that is meant");
        }
    }

    /// <summary>Why a chain's headers must not be open there.</summary>
    internal static string OpenChain(string url, IPAddress exposed) =>
        $"{url}: without a key a chain's headers are open, and {exposed} is not loopback: anybody could use it, and anybody on the way could read where it leads";

    /// <summary>The keys that were named; none is no mistake here.</summary>
    public IReadOnlyList<PresharedKey> ReadOptionalKeys(ParseResult parsed)
    {
        try
        {
            return KeySource.ReadAll(parsed.GetValue(_keyFile) ?? [], Environment.GetEnvironmentVariable(KeySource.Variable));
        }
        catch (KeyFileException failure)
        {
            throw new ConfigurationException(failure.Message);
        }
    }

    /// <summary>The first address that others than this machine can send to; null: none.</summary>
    internal static IPAddress? FirstExposed(IEnumerable<IPAddress> addresses) => addresses.FirstOrDefault(address => !SpecialAddresses.IsLoopback(address));

    /// <summary>Why the unsealed dialect must not be spoken there.</summary>
    internal static string Exposure(string url, IPAddress exposed) =>
        $"{url}: the vproxy dialect is neither sealed nor authenticated, and {exposed} is not loopback: anybody who can send there could use this proxy, "
        + "and anybody on the way could read it";

    /// <summary>Refuses a transport that the dialect does not know.</summary>
    public void CheckTransport(ParseResult parsed, string what, TunnelTransport transport)
    {
        if (transport != TunnelTransport.Kcp && !IsNative(parsed))
        {
            throw new UsageException($"{what} {TunnelAddress.SchemeOf(transport)}://…: the vproxy dialect goes over kcp:// only");
        }
    }

    /// <summary>Whether it is the sealed one; refuses a key for the other rather than to run without the protection that was asked for.</summary>
    private bool IsNative(ParseResult parsed)
    {
        var isNative = parsed.GetValue(_dialect) == Native;
        if (!isNative && parsed.GetValue(_keyFile) is { Length: > 0 })
        {
            throw new UsageException("--key-file: the vproxy dialect has no key and seals nothing; leave it out, and keep to loopback or say --insecure");
        }

        return isNative;
    }

    private IReadOnlyList<PresharedKey> ReadKeys(ParseResult parsed) => ReadOptionalKeys(parsed) is { Count: > 0 } keys
        ? keys
        : throw new ConfigurationException(
            "a sealed tunnel needs a key, the same at client and server: 'tcpproxy keygen --out FILE' makes one, --key-file FILE uses it. "
            + "(--dialect vproxy does without, and protects nothing.)");

    internal static byte[] ReadPublicKey(string text, string option)
    {
        var point = new byte[P256.PointBytes];
        return Convert.TryFromBase64String(text, point, out var length) && P256.IsPoint(point.AsSpan(0, length))
            ? point
            : throw new UsageException($"{option}the public key of a server is expected, as 'tcpproxy keygen --public-of FILE' prints it");
    }

    internal static SecretBytes ReadPrivateKey(string path, string option)
    {
        try
        {
            var key = KeyFile.Read(path);
            return P256.IsScalar(key.Span) ? key : throw new ConfigurationException($"{option}{path}: one of the few keys that can be no server key; make another");
        }
        catch (KeyFileException failure)
        {
            throw new ConfigurationException(failure.Message);
        }
    }
}
