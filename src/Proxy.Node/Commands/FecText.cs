using System.Globalization;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Commands;

/// <summary>Forward error correction as the command line has it: <c>off</c>, <c>adaptive</c>, or <c>K/M</c>: M datagrams of parity for each K.</summary>
internal static class FecText
{
    public const string Form = "off|adaptive|K/M";

    public const string Off = "off";

    private const string Adaptive = "adaptive";

    /// <summary>These settings with what the text says; refuses what makes no sense.</summary>
    /// <param name="prefix">What the refusal begins with: <c>--fec: </c>.</param>
    public static NativeTunnelSettings Read(string text, string prefix, NativeTunnelSettings settings) => Apply(text, settings) ?? throw new UsageException(
        $"{prefix}'{text}' is no error correction: off, adaptive or K/M is expected, such as 20/2, K up to {NativeTunnelSettings.MostFecMembers} and M up to "
        + $"{NativeTunnelSettings.MostFecShards}");

    /// <summary>These settings with what the text says; null when it says nothing that is possible.</summary>
    public static NativeTunnelSettings? Apply(string text, NativeTunnelSettings settings)
    {
        switch (text)
        {
            case Off:
                return settings with { Fec = FecMode.Off };
            case Adaptive:
                return settings with { Fec = FecMode.Adaptive };
        }

        var split = text.IndexOf('/', StringComparison.Ordinal);
        return split > 0
            && int.TryParse(text.AsSpan(0, split), NumberStyles.None, CultureInfo.InvariantCulture, out var members)
            && int.TryParse(text.AsSpan(split + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var shards)
            && members is > 0 and <= NativeTunnelSettings.MostFecMembers
            && shards is > 0 and <= NativeTunnelSettings.MostFecShards
                ? settings with { Fec = FecMode.Fixed, FecMembers = members, FecShards = shards }
                : null;
    }
}
