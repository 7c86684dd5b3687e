using Microsoft.Extensions.Logging;
using Proxy.Kernel;
using Proxy.Kernel.Event;

namespace Proxy.Node.Hosting;

/// <summary>Writes what actors log, and what nobody handled, to the host's logger.</summary>
internal sealed class LogBridge : ReceiveActor
{
    private readonly ILogger _logger;

    public LogBridge(ILogger logger)
    {
        _logger = logger;
        Receive<LogEvent>(Write);
        Receive<UnhandledMessage>(unhandled =>
            _logger.LogDebug("{Recipient} did not handle {Message}", unhandled.Recipient.Path, unhandled.Message));
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe<LogEvent>(Self);
        Context.System.EventStream.Subscribe<UnhandledMessage>(Self);
    }

    private void Write(LogEvent line)
    {
        switch (line)
        {
            case Error error:
                _logger.LogError(error.Cause, "{Text}", line.Text);
                break;
            case Warning:
                _logger.LogWarning("{Text}", line.Text);
                break;
            case Info:
                _logger.LogInformation("{Text}", line.Text);
                break;
            default:
                _logger.LogDebug("{Text} [{Source}]", line.Text, line.Source);
                break;
        }
    }
}
