using System.CommandLine;
using Proxy.Actors;

namespace Proxy.Node.Commands;

/// <summary>How long a connection may take, be silent, and live.</summary>
internal sealed class TimeoutOptions
{
    private readonly Option<string?> _connect = new("--connect-timeout")
    {
        Description = "From accept until a server answered, all attempts together, so that a client learns of dead servers in time. Default 5s.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _header = new("--header-timeout")
    {
        Description = "For all that a client has to send before anything is done for it: a PROXY header, a TLS handshake. Default 5s.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _idle = new("--idle")
    {
        Description = "Without a byte in either direction, so that peers who left without a word are found; 0s: for ever. Default 1h.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _halfClose = new("--half-close")
    {
        Description = "Without a byte in the direction that is still open, after the other one ended, so that forgotten halves go; 0s: for ever. Default 30s.",
        HelpName = "DURATION",
    };

    private readonly Option<string?> _lifetime = new("--lifetime")
    {
        Description = "From connected to the end, whatever moves, so that clients come back through rules and balancing anew; both sides are reset. "
            + "Default 0s: as long as it likes.",
        HelpName = "DURATION",
    };

    public void AddTo(Command command)
    {
        command.Add(_connect);
        command.Add(_header);
        command.Add(_idle);
        command.Add(_halfClose);
        command.Add(_lifetime);
    }

    public ConnectionTimeouts Read(ParseResult parsed)
    {
        var defaults = ConnectionTimeouts.Default;
        return defaults with
        {
            Connect = AboveZero(_connect, defaults.Connect),
            Header = AboveZero(_header, defaults.Header),
            Idle = Duration(_idle, defaults.Idle),
            HalfClose = Duration(_halfClose, defaults.HalfClose),
            Lifetime = Duration(_lifetime, defaults.Lifetime),
        };

        TimeSpan AboveZero(Option<string?> option, TimeSpan missing) => Duration(option, missing) is var time && time > TimeSpan.Zero
            ? time
            : throw new UsageException($"{option.Name}: a duration above 0 is expected");

        TimeSpan Duration(Option<string?> option, TimeSpan missing) =>
            parsed.GetValue(option) is { } text ? Values.Duration(text, option.Name) : missing;
    }
}
