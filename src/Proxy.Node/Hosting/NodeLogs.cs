using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Proxy.Node.Hosting;

/// <summary>The process's log, on stderr; its level may be changed while it is written.</summary>
internal sealed class NodeLogs : IDisposable
{
    private volatile LogLevel _level;

    public NodeLogs(Kernel.Event.LogLevel level, bool isJson)
    {
        SetLevel(level);
        Factory = LoggerFactory.Create(builder =>
        {
            builder.SetMinimumLevel(LogLevel.Trace);
            builder.AddFilter((category, asked) => asked >= (IsOfFramework(category) ? MoreSerious(_level) : _level));
            builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
            if (isJson)
            {
                builder.AddJsonConsole(json => json.UseUtcTimestamp = true);
            }
            else
            {
                builder.AddSimpleConsole(text =>
                {
                    text.SingleLine = true;
                    text.UseUtcTimestamp = true;
                    text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                    text.ColorBehavior = LoggerColorBehavior.Disabled;
                });
            }
        });
    }

    public ILoggerFactory Factory { get; }

    public void SetLevel(Kernel.Event.LogLevel level) => _level = (LogLevel)((int)level + 1);

    public void Dispose() => Factory.Dispose();

    private static bool IsOfFramework(string? category) => category?.StartsWith("Microsoft", StringComparison.Ordinal) == true;

    private static LogLevel MoreSerious(LogLevel level) => level > LogLevel.Warning ? level : LogLevel.Warning;
}
