using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Transport;

namespace Proxy.Node.Hosting;

/// <summary>How many connections this process may carry.</summary>
internal static class NodeCapacity
{
    /// <summary>
    /// Raises the descriptor limit as far as it goes; gives the maximum that was asked for, or else what that limit carries. Null: no limit is
    /// known.
    /// </summary>
    public static int? Of(NodeSettings settings, int splicedFlows, ILogger log)
    {
        if (DescriptorLimit.Raise() is not { } limit)
        {
            return settings.MaximumConnections;
        }

        var relayed = limit.RelayedConnections(splicedFlows, SocketsOf(settings));

        // Where all connections go through tunnels, each has a socket on one side only.
        var carried = settings.Frontends.Any(frontend => frontend.To is UpstreamTarget) ? relayed : relayed * 2;
        if (settings.MaximumConnections > carried)
        {
            log.LogWarning(
                "{Asked} connections were asked for, and the limit of {Descriptors} descriptors carries {Carried}: raise it (ulimit -n, LimitNOFILE=)",
                settings.MaximumConnections, limit.Descriptors, carried);
        }
        else if (settings.MaximumConnections is null)
        {
            log.LogInformation("at most {Carried} connections: what the limit of {Descriptors} descriptors carries", carried, limit.Descriptors);
        }

        return settings.MaximumConnections ?? carried;
    }

    // Those that are open all the time.
    private static int SocketsOf(NodeSettings settings) =>
        settings.Frontends.Count + settings.Tunnels.Sum(tunnel => tunnel.Servers.Count * tunnel.Connections)
        + settings.Servers.Sum(server => server.Listen.Count + server.ListenTcp.Count + server.ListenTls.Count);
}
