using System.Net;
using Proxy.Node.Commands;
using Proxy.Policy.Balancing;
using Proxy.Transport;

namespace Proxy.Node.Settings;

/// <summary>The servers of an upstream: an address or a name alone, or an object with what is special about it.</summary>
internal static class ServersReader
{
    public static IReadOnlyList<ServerEntry> Read(SettingsValue servers) => [.. servers.List().Select(ReadServer).OfType<ServerEntry>()];

    private static ServerEntry? ReadServer(SettingsValue server)
    {
        if (server.Value is Hocon.HoconScalar)
        {
            return server.TryParse(text => ServerText.Read(text, ""), out var entry) ? entry : null;
        }

        var settings = server.AsObject();
        if (!settings.IsThere)
        {
            return null;
        }

        var address = settings.Find("address");
        var weight = settings.Whole("weight", 1, 0, BalancingLimits.MaximumWeight);
        var isBackup = settings.Switch("backup", missing: false);
        var connections = settings.Whole("connections", 0, 0, int.MaxValue);
        var checkPort = settings.OptionalValue<long>("check-port", null, port => port.Whole(1, IPEndPoint.MaxPort));
        if (address is not { } given)
        {
            settings.Wrong("a server without its address", "address = \"HOST:PORT\"");
            return null;
        }

        if (given.TryParse(text => ServerText.Read(text, ""), out var bare) && bare.EndPoint is UnixEndPoint && checkPort is not null)
        {
            settings.WrongAt("check-port", "a socket with a path has no ports", "remove it: it is checked where it is");
        }

        return bare is not null
            ? bare with { Weight = weight, IsBackup = isBackup, MaximumConnections = connections, CheckPort = (int?)checkPort }
            : null;
    }
}
