using System.CommandLine;
using System.Net;
using Proxy.Node.Hosting;
using Proxy.Node.Names;
using Proxy.Node.Settings;

namespace Proxy.Node.Commands;

/// <summary>What every command that runs a node takes.</summary>
internal sealed class CommonOptions
{
    private readonly Option<string?> _admin = new("--admin")
    {
        Description = "Where status and health are served. Default 127.0.0.1:9900, or a free port if that one is taken.",
        HelpName = "HOST:PORT",
    };

    private readonly Option<string> _drain = new("--drain")
    {
        Description = "How long connections may finish after SIGTERM or Ctrl-C; a second signal ends now.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "30s",
    };

    private readonly Option<string> _logLevel = new("--log-level")
    {
        Description = "The least serious lines that are logged.",
        DefaultValueFactory = _ => "info",
    };

    private readonly Option<string> _logFormat = new("--log-format")
    {
        Description = "How lines are written to stderr.",
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<string[]> _dns = new("--dns")
    {
        DefaultValueFactory = _ => [],
        Description = "A name server to ask instead of this system's; may be repeated. Answers are kept as long as they say themselves.",
        HelpName = "ADDRESS[:PORT]",
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "The node's name. Default: the host's.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _handOver = new("--hand-over")
    {
        Description = "A path for upgrades without a refused connection: a process that is started with the same path takes the listening sockets "
            + "over from the one that runs, which drains and ends. Default: none.",
        HelpName = "PATH",
    };

    private readonly AccessLogOptions _accessLog = new();

    public CommonOptions()
    {
        _logLevel.AcceptOnlyFromAmong("debug", "info", "warning", "error");
        _logFormat.AcceptOnlyFromAmong("text", "json");
    }

    public void AddTo(Command command)
    {
        command.Add(_admin);
        command.Add(_drain);
        command.Add(_logLevel);
        command.Add(_logFormat);
        command.Add(_dns);
        command.Add(_name);
        command.Add(_handOver);
        _accessLog.AddTo(command);
    }

    public string NameOf(ParseResult parsed) => parsed.GetValue(_name) ?? Environment.MachineName;

    public HostSettings Read(ParseResult parsed)
    {
        var admin = parsed.GetValue(_admin);
        return new HostSettings
        {
            Admin = admin is null ? DefaultAdmin : Values.ListenEndPoint(admin, "--admin"),
            IsAdminAsked = admin is not null,
            Drain = Values.Duration(parsed.GetValue(_drain)!, "--drain"),
            LogLevel = Enum.Parse<Kernel.Event.LogLevel>(parsed.GetValue(_logLevel)!, ignoreCase: true),
            IsLogJson = parsed.GetValue(_logFormat) == "json",
            HandOver = parsed.GetValue(_handOver),
            Names = NameSettings.Default with { Servers = [.. parsed.GetRequiredValue(_dns).Select(text => NamesReader.Parse(text, _dns.Name))] },
            AccessLog = _accessLog.Read(parsed),
        };
    }

    internal static IPEndPoint DefaultAdmin => new(IPAddress.Loopback, 9900);
}
