using System.Globalization;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Commands;

/// <summary>Forward error correction as the command line has it: <c>off</c>, <c>adaptive</c>, or <c>K/M</c>: M datagrams of parity for each K.</summary>
internal static class FecText
{
    public const string Form = "off|adaptive|K/M";

    public const string Off = "off";

    private const string Adaptive = "adaptive";

    /// <summary>These settings with what the text says; null when it says nothing that makes sense. What is possible is theirs to check.</summary>
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
                ? settings with { Fec = FecMode.Fixed, FecMembers = members, FecShards = shards }
                : null;
    }
}
