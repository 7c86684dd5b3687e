using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>
/// Rates in bytes a second, at most <see cref="TokenBucket.MaximumPerSecond"/>; 0 for none. Up is from the client to the upstream. The rates of a
/// frontend are shared by all its connections, in equal parts among those that want more.
/// </summary>
public sealed record BandwidthSettings
{
    public static readonly BandwidthSettings Unlimited = new();

    public long FrontendUp { get; init; }

    public long FrontendDown { get; init; }

    public long ConnectionUp { get; init; }

    public long ConnectionDown { get; init; }
}
