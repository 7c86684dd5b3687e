using System.Globalization;
using System.Net;
using Proxy.Policy.Balancing;

namespace Proxy.Node.Commands;

/// <summary>A server of a relay on the command line: an address or a name, and what is special about it.</summary>
internal static class ServerText
{
    public const string Form = "HOST:PORT[,weight=N][,backup][,max-connections=N]";

    public static ServerEntry Read(string text, string option)
    {
        var parts = text.Split(',');
        var destination = Values.Target(parts[0], option);
        var server = destination.Address is { } address
            ? ServerEntry.ForAddress(new IPEndPoint(address, destination.Port))
            : ServerEntry.ForName(destination.Name!, destination.Port);
        return parts.Skip(1).Aggregate(server, (entry, part) => part.Split('=', 2) switch
        {
            ["backup"] => entry with { IsBackup = true },
            ["weight", var weight] => entry with { Weight = Number(weight, 0, BalancingLimits.MaximumWeight, text, option) },
            ["max-connections", var maximum] => entry with { MaximumConnections = Number(maximum, 1, int.MaxValue, text, option) },
            _ => throw new UsageException($"{option} '{text}': {Form} is expected; '{part}' is none of these"),
        });
    }

    private static int Number(string digits, int lowest, int highest, string text, string option) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest
            ? number
            : throw new UsageException($"{option} '{text}': '{digits}' is no number from {lowest} to {highest}");
}
