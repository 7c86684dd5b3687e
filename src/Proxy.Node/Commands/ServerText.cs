using System.Net;
using Proxy.Policy.Balancing;
using Proxy.Transport;

namespace Proxy.Node.Commands;

/// <summary>A server of a relay on the command line: an address or a name, and what is special about it.</summary>
internal static class ServerText
{
    public const string Form = "HOST:PORT or unix:/PATH[,weight=N][,backup][,max-connections=N][,check-port=N]";

    public static ServerEntry Read(string text, string option)
    {
        var parts = text.Split(',');
        var server = EntryOf(parts[0], option);
        return parts.Skip(1).Aggregate(server, (entry, part) => part.Split('=', 2) switch
        {
            ["backup"] => entry with { IsBackup = true },
            ["weight", var weight] => entry with { Weight = Values.Number(weight, 0, BalancingLimits.MaximumWeight, option, text) },
            ["max-connections", var maximum] => entry with { MaximumConnections = Values.Number(maximum, 1, int.MaxValue, option, text) },
            ["check-port", _] when entry.EndPoint is UnixEndPoint => throw new UsageException($"{option} '{text}': a socket with a path has no ports, and is checked where it is"),
            ["check-port", var port] => entry with { CheckPort = Values.Number(port, 1, IPEndPoint.MaxPort, option, text) },
            _ => throw new UsageException($"{option} '{text}': {Form} is expected; '{part}' is none of these"),
        });
    }

    private static ServerEntry EntryOf(string text, string option)
    {
        if (UnixEndPoint.IsOne(text))
        {
            return ServerEntry.ForAddress(Values.UnixEndPoint(text, option));
        }

        var destination = Values.Target(text, option);
        return destination.Address is { } address
            ? ServerEntry.ForAddress(new IPEndPoint(address, destination.Port))
            : ServerEntry.ForName(destination.Name!, destination.Port);
    }
}
