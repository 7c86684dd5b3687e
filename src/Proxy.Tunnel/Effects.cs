using Proxy.Protocol.Streams;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel;

/// <summary>Questions to the machines' effects, asked for every frame. <see cref="Enum.HasFlag"/> allocates until the code was optimised.</summary>
internal static class Effects
{
    public static bool Has(this StreamEffects effects, StreamEffects effect) => (effects & effect) != StreamEffects.None;

    public static bool Has(this TunnelEffects effects, TunnelEffects effect) => (effects & effect) != TunnelEffects.None;
}
