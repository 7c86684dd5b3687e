using System.CommandLine;
using Proxy.Actors;
using Proxy.Policy.Health;

namespace Proxy.Node.Commands;

/// <summary>Active checks of a relay's servers; off unless asked for.</summary>
internal sealed class CheckOptions
{
    private readonly Option<string?> _check = new("--check")
    {
        Description = "Asks every server whether it is well: tcp connects, http:PATH wants a status, send and expect look for a text in the answer "
            + "(\\r \\n \\t \\0 \\xHH, and \\, for a comma). Default: none is asked.",
        HelpName = CheckText.Form,
    };

    private readonly Option<string> _interval = new("--check-interval")
    {
        Description = "From one check of a server to the next.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "2s",
    };

    private readonly Option<string> _timeout = new("--check-timeout")
    {
        Description = "How long a check may take.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "1s",
    };

    private readonly Option<int> _rise = new("--check-rise")
    {
        Description = "Checks in a row that must pass for a server to come up; the very first one decides alone.",
        HelpName = "N",
        DefaultValueFactory = _ => CheckSettings.Default.Up,
    };

    private readonly Option<int> _fall = new("--check-fall")
    {
        Description = "Checks in a row that must fail for a server to go down.",
        HelpName = "N",
        DefaultValueFactory = _ => CheckSettings.Default.Down,
    };

    private readonly Option<string> _onDown = new("--on-down")
    {
        Description = "What becomes of the connections of a server that its checks find down.",
        DefaultValueFactory = _ => Keep,
    };

    public CheckOptions()
    {
        _onDown.AcceptOnlyFromAmong(Keep, EndSessions);
    }

    public void AddTo(Command command)
    {
        command.Add(_check);
        command.Add(_interval);
        command.Add(_timeout);
        command.Add(_rise);
        command.Add(_fall);
        command.Add(_onDown);
    }

    public HealthCheckSettings? Read(ParseResult parsed) => parsed.GetValue(_check) is { } text
        ? new HealthCheckSettings(CheckText.Read(text, "--check"), new CheckSettings
        {
            Interval = Values.Wait(parsed.GetValue(_interval)!, "--check-interval"),
            Timeout = Values.Wait(parsed.GetValue(_timeout)!, "--check-timeout"),
            Up = Values.Count(parsed.GetValue(_rise), "--check-rise"),
            Down = Values.Count(parsed.GetValue(_fall), "--check-fall"),
        })
        : null;

    public bool EndsSessionsOnDown(ParseResult parsed) => parsed.GetValue(_onDown) == EndSessions;

    private const string Keep = "keep";
    private const string EndSessions = "end-sessions";
}
