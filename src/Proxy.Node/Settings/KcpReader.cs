using Proxy.Tunnel.Native;

namespace Proxy.Node.Settings;

/// <summary>How a sealed tunnel carries its bytes.</summary>
internal static class KcpReader
{
    public static NativeTunnelSettings Read(SettingsObject kcp, NativeTunnelSettings missing) => !kcp.IsThere ? missing : missing with
    {
        UserLanes = kcp.Whole("lanes", missing.UserLanes, 1, NativeTunnelSettings.MostUserLanes),
        MaximumDatagramBytes = kcp.Size("mtu", missing.MaximumDatagramBytes, NativeTunnelSettings.LeastDatagramBytes, NativeTunnelSettings.MostDatagramBytes),
        FixedBytesPerSecond = kcp.Find("rate")?.Rate() ?? missing.FixedBytesPerSecond,
    };
}
