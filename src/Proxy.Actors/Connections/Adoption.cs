using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>Takes over what a listener has accepted, whatever it is.</summary>
internal static class Adoption
{
    public static IChannel AdoptBy(this IAcceptedConnection accepted, IIoLoop loop, IChannelHandler handler) =>
        accepted is UdpFlow flow ? flow.Adopt(handler) : loop.Adopt(accepted, handler);
}
