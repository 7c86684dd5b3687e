using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Node.AccessLogs;
using Proxy.Node.Hosting;

namespace Proxy.Node.Reloading;

/// <summary>
/// The writers of access logs that this process has had. Connections that began under one end under it, so each lives as long as the process, and
/// serves again when its file comes back. One caller at a time.
/// </summary>
internal sealed class AccessLogWriters(ILogger log) : IAsyncDisposable
{
    private readonly Dictionary<(string Path, Type Format), AccessLogWriter> _writers = [];

    /// <summary>What the node is to know of it; null where there is none.</summary>
    /// <exception cref="ConfigurationException">The file cannot be written.</exception>
    public AccessLogSettings? For(AccessLogFile? file)
    {
        if (file is null)
        {
            return null;
        }

        var key = (file.Path, file.Format.GetType());
        if (!_writers.TryGetValue(key, out var writer))
        {
            _writers.Add(key, writer = new AccessLogWriter(file.Path, file.Format, log));
        }

        return new AccessLogSettings(writer, file.Events, file.Interval);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers.Values)
        {
            await writer.DisposeAsync();
        }
    }
}
