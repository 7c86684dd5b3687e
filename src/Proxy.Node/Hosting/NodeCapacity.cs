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
    public static int? Of(NodeSettings settings, ILogger log)
    {
        if (CarriedBy(settings) is not { } capacity)
        {
            return settings.MaximumConnections;
        }

        if (settings.MaximumConnections > capacity.Connections)
        {
            log.LogWarning(
                "{Asked} connections were asked for, and the limit of {Descriptors} descriptors carries {Carried}: {Hint}",
                settings.MaximumConnections, capacity.Descriptors, capacity.Connections, Hint);
        }
        else if (settings.MaximumConnections is null)
        {
            log.LogInformation("at most {Carried} connections: what the limit of {Descriptors} descriptors carries", capacity.Connections, capacity.Descriptors);
        }

        return settings.MaximumConnections ?? capacity.Connections;
    }

    /// <summary>What the descriptor limit carries, raised as far as it goes, and what it is then. Null: no limit is known.</summary>
    public static (int Connections, int Descriptors)? CarriedBy(NodeSettings settings)
    {
        if (DescriptorLimit.Raise() is not { } limit)
        {
            return null;
        }

        var relayed = limit.RelayedConnections(SplicedFlows, SocketsOf(settings));

        // Where all connections go through tunnels, each has a socket on one side only.
        return (settings.Frontends.Any(frontend => frontend.To is not TunnelTarget) ? relayed : relayed * 2, limit.Descriptors);
    }

    private static readonly int SplicedFlows = new LoopSettings().SplicedFlows;

    /// <summary>What to do about a limit that is too low.</summary>
    public const string Hint = "raise it (ulimit -n, LimitNOFILE=)";

    // Those that are open all the time.
    private static int SocketsOf(NodeSettings settings) =>
        settings.Frontends.Count + settings.Tunnels.Sum(tunnel => tunnel.Servers.Count * tunnel.Connections)
        + settings.Servers.Sum(server => server.Listen.Count + server.ListenTcp.Count + server.ListenTls.Count + server.Chains.Count);
}
