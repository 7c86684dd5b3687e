namespace Proxy.Kernel.Event;

/// <summary>An actor's logger: publishes <see cref="LogEvent"/>s on the event stream, of the system's log level and above.</summary>
public interface ILoggingAdapter
{
    /// <summary>Whether a line of that level would be published; to be asked before building a costly one.</summary>
    bool IsEnabled(LogLevel level);

    void Debug(string text);

    void Info(string text);

    void Warning(string text);

    void Error(string text);

    void Error(Exception cause, string text);
}

internal sealed class EventStreamLogger : ILoggingAdapter
{
    private readonly ActorSystem _system;
    private readonly string _source;

    public EventStreamLogger(ActorSystem system, string source)
    {
        _system = system;
        _source = source;
    }

    public bool IsEnabled(LogLevel level) => level >= _system.LogLevel;

    public void Debug(string text) => Publish(new Debug(_source, text));

    public void Info(string text) => Publish(new Info(_source, text));

    public void Warning(string text) => Publish(new Warning(_source, text));

    public void Error(string text) => Publish(new Error(null, _source, text));

    public void Error(Exception cause, string text) => Publish(new Error(cause, _source, text));

    private void Publish(LogEvent line)
    {
        if (IsEnabled(line.Level))
        {
            _system.EventStream.Publish(line);
        }
    }
}
