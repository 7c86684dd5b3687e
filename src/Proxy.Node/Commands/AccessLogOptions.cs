using System.CommandLine;
using Proxy.Actors;
using Proxy.Node.AccessLogs;
using Proxy.Node.Hosting;

namespace Proxy.Node.Commands;

/// <summary>A line for each connection; off unless asked for.</summary>
internal sealed class AccessLogOptions
{
    private readonly Option<string?> _file = new("--access-log")
    {
        Description = "Writes a line when a connection begins to pass bytes, once in each interval that it lives, and when it ends. - is stdout.",
        HelpName = "FILE|-",
    };

    private readonly Option<string> _format = new("--access-log-format")
    {
        Description = "How its lines are written.",
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<string> _events = new("--access-log-events")
    {
        Description = "Which of its lines are written.",
        HelpName = "start,live,end",
        DefaultValueFactory = _ => "start,live,end",
    };

    private readonly Option<string> _interval = new("--access-log-interval")
    {
        Description = "From one line of a connection that lives on to the next; 0s: none, so that what moves is seen at the end only.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "60s",
    };

    public AccessLogOptions()
    {
        _format.AcceptOnlyFromAmong("text", "json");
    }

    public void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_format);
        command.Add(_events);
        command.Add(_interval);
    }

    public AccessLogFile? Read(ParseResult parsed)
    {
        var events = Events(parsed.GetValue(_events)!);
        var interval = Values.Duration(parsed.GetValue(_interval)!, "--access-log-interval");
        return parsed.GetValue(_file) is { } file
            ? new AccessLogFile(file, parsed.GetValue(_format) == "json" ? new JsonFormat() : new TextFormat(), events, interval)
            : null;
    }

    private static AccessLogEvents Events(string text) => text.Split(',').Aggregate(AccessLogEvents.None, (events, name) => events | name switch
    {
        "start" => AccessLogEvents.Start,
        "live" => AccessLogEvents.Live,
        "end" => AccessLogEvents.End,
        _ => throw new UsageException($"--access-log-events '{text}': some of start, live and end are expected; '{name}' is none of them"),
    });
}
