using System.Net;
using System.Net.NetworkInformation;
using Proxy.Policy;

namespace Proxy.Node.Hosting;

/// <summary>The addresses of this machine's interfaces, without their scopes, looked up again now and then. Any thread.</summary>
internal static class OwnAddresses
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);
    private static volatile Snapshot? _snapshot;

    private sealed record Snapshot(HashSet<IPAddress> Addresses, long TakenMilliseconds);

    public static bool Contain(IPAddress address)
    {
        if (SpecialAddresses.IsLoopback(address))
        {
            return true;
        }

        var now = Environment.TickCount64;
        if (_snapshot is not { } snapshot || now - snapshot.TakenMilliseconds > Freshness.TotalMilliseconds)
        {
            _snapshot = snapshot = new Snapshot(Look(), now);
        }

        return snapshot.Addresses.Contains(new IPAddress(address.GetAddressBytes()));
    }

    private static HashSet<IPAddress> Look() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(each => each.GetIPProperties().UnicastAddresses)
            .Select(own => new IPAddress(own.Address.GetAddressBytes())),
    ];
}
