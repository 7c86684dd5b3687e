using System.Net;
using Proxy.Policy.Names;

namespace Proxy.Node.Names;

/// <summary>Who is asked about names, and how long answers are kept.</summary>
internal sealed record NameSettings
{
    public static readonly NameSettings Default = new();

    /// <summary>Empty: those of this system.</summary>
    public IReadOnlyList<IPEndPoint> Servers { get; init; } = [];

    /// <summary>For each question to a server; it is asked three times.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    public NameCacheSettings Cache { get; init; } = NameCacheSettings.Default;

    public CachingResolver CreateResolver(TimeProvider clock) => new(Cache, new ServerNameSource(Servers, Timeout), new SystemNameSource(), clock);
}
