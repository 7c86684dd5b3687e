namespace Proxy.Kernel.Event;

public enum LogLevel
{
    Debug,
    Info,
    Warning,
    Error,
}

/// <summary>One line for the log, published on the event stream; the host subscribes and writes it where it logs.</summary>
/// <param name="Level">How serious it is.</param>
/// <param name="Source">The path of the actor that speaks.</param>
/// <param name="Text">The line itself.</param>
public abstract record LogEvent(LogLevel Level, string Source, string Text);

public sealed record Debug(string Source, string Text) : LogEvent(LogLevel.Debug, Source, Text);

public sealed record Info(string Source, string Text) : LogEvent(LogLevel.Info, Source, Text);

public sealed record Warning(string Source, string Text) : LogEvent(LogLevel.Warning, Source, Text);

/// <summary>A failure.</summary>
/// <param name="Cause">The exception behind it, if there is one.</param>
/// <param name="Source">The path of the actor that speaks.</param>
/// <param name="Text">The line itself.</param>
public sealed record Error(Exception? Cause, string Source, string Text) : LogEvent(LogLevel.Error, Source, Text);
