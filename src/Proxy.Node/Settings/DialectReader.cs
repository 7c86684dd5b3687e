using System.Net;
using Proxy.Actors;
using Proxy.Node.Commands;

namespace Proxy.Node.Settings;

/// <summary>How tunnels speak, and what goes together with that.</summary>
internal static class DialectReader
{
    public const string NoKey = "a sealed tunnel needs a key, the same at client and server";

    public const string NoKeyHint = "'tcpproxy keygen --out FILE' makes one, key { file = \"FILE\" } uses it; dialect = vproxy does without, and protects nothing";

    public static bool ReadIsNative(SettingsObject tunnel, bool missing) => tunnel.Choice("dialect", missing, ("native", true), ("vproxy", false));

    /// <summary>Refuses what the unsealed dialect cannot do, or must not unless somebody said so.</summary>
    public static void Check(
        SettingsObject place, bool isNative, bool isInsecure, IEnumerable<(TunnelTransport Transport, string Address, IPAddress[] Addresses)> addresses)
    {
        if (isNative)
        {
            return;
        }

        foreach (var (transport, address, ips) in addresses)
        {
            if (transport != TunnelTransport.Kcp)
            {
                place.Wrong($"{TunnelAddress.SchemeOf(transport)}://{address}: the vproxy dialect goes over kcp:// only");
            }
            else if (!isInsecure && DialectOptions.FirstExposed(ips) is { } exposed)
            {
                place.Wrong(DialectOptions.Exposure($"kcp://{address}", exposed), "use a loopback address, or insecure = on if that is meant");
            }
        }
    }
}
