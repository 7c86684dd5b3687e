using Proxy.Policy.Filters;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// What a frontend puts between the sockets of its connections and their relays: the rates, and inside of those that bytes have passed, the
/// filters. One for all connections of the frontend, on all loops.
/// </summary>
internal sealed class FrontendInspection
{
    private readonly IReadOnlyList<IStreamFilterFactory> _filters;
    private readonly BandwidthSettings _bandwidth;
    private readonly SharedBandwidth? _up;
    private readonly SharedBandwidth? _down;

    private FrontendInspection(FrontendSettings settings, IIoLoop driver)
    {
        (_filters, _bandwidth) = (settings.Filters, settings.Bandwidth);
        _up = Share(_bandwidth.FrontendUp);
        _down = Share(_bandwidth.FrontendDown);

        SharedBandwidth? Share(long rate) => rate > 0 ? new SharedBandwidth(rate, driver) : null;
    }

    /// <summary>Null where there is nothing to do: connections of such a frontend are not to notice that inspection exists.</summary>
    /// <param name="driver">The loop that wakes those who wait for the frontend's rates.</param>
    public static FrontendInspection? TryCreate(FrontendSettings settings, IIoLoop driver) =>
        settings.Filters.Count == 0 && settings.Bandwidth == BandwidthSettings.Unlimited
            ? null
            : new FrontendInspection(settings, driver);

    /// <summary>Stands around both channels, which belong to the dispatcher's loop and whose receiving is paused.</summary>
    public InspectedChannels Wrap(LoopDispatcher dispatcher, IChannel client, IChannel upstream, FilterConnection connection)
    {
        var innerClient = Throttle(dispatcher, client, _bandwidth.ConnectionUp, _up);
        var innerUpstream = Throttle(dispatcher, upstream, _bandwidth.ConnectionDown, _down);
        var filters = _filters.Count == 0
            ? null
            : new FilteredPair(_filters, connection, dispatcher.Loop, dispatcher.Pool, innerClient ?? client, innerUpstream ?? upstream);
        return filters is null
            ? new InspectedChannels(innerClient ?? client, innerUpstream ?? upstream, innerClient, null)
            : new InspectedChannels(filters.Client, filters.Upstream, innerClient is null ? filters.Client : innerClient, filters);
    }

    private static ThrottledChannel? Throttle(LoopDispatcher dispatcher, IChannel inner, long rate, SharedBandwidth? shared) =>
        rate > 0 || shared is not null ? new ThrottledChannel(dispatcher.Loop, inner, dispatcher.Pool, rate, shared) : null;
}

/// <summary>A connection's channels as a relay is to see them.</summary>
/// <param name="InnerClient">
/// What stands next to the client's socket, where anything does: bytes that were read of the client before go there, through
/// <see cref="ChannelDecorator.Unread"/>, so that they pass everything.
/// </param>
/// <param name="Filters">Null where only rates are limited.</param>
internal sealed record InspectedChannels(IChannel Client, IChannel Upstream, ChannelDecorator? InnerClient, FilteredPair? Filters);
