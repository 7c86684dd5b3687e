using Proxy.Node.Commands;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Settings;

/// <summary>How a sealed tunnel carries its bytes.</summary>
internal static class KcpReader
{
    public static NativeTunnelSettings Read(SettingsObject kcp, NativeTunnelSettings missing) => !kcp.IsThere ? missing : ReadCorrection(kcp, missing) with
    {
        UserLanes = kcp.Whole("lanes", missing.UserLanes, 1, NativeTunnelSettings.MostUserLanes),
        MaximumDatagramBytes = kcp.Size("mtu", missing.MaximumDatagramBytes, NativeTunnelSettings.LeastDatagramBytes, NativeTunnelSettings.MostDatagramBytes),
        FixedBytesPerSecond = kcp.Find("rate")?.Rate() ?? missing.FixedBytesPerSecond,
    };

    private static NativeTunnelSettings ReadCorrection(SettingsObject kcp, NativeTunnelSettings missing)
    {
        if (kcp.Find("fec") is not { } value || value.Text() is not { } text)
        {
            return missing;
        }

        try
        {
            if (FecText.Apply(text, missing) is { } settings)
            {
                settings.Validate();
                return settings;
            }

            value.Wrong($"'{text}' is not possible", $"{FecText.Form} is expected, such as 20/2");
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            value.Wrong($"'{text}' is beyond what is possible: {wrong.ActualValue}");
        }

        return missing;
    }
}
