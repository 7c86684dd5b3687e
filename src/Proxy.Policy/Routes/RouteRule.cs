using System.Net;
using Proxy.Policy.Rules;

namespace Proxy.Policy.Routes;

/// <summary>
/// One rule of a route table. It matches a connection for which everything that it names holds; what is null is not asked for. Immutable.
/// </summary>
/// <param name="Name">What the log calls it.</param>
/// <param name="Action">What is done when it matches.</param>
public sealed record RouteRule(string Name, RouteAction Action)
{
    /// <summary>
    /// What the destination is, any of these names or an address of <see cref="Networks"/>: a name fits only patterns and an address only
    /// networks, as nothing is resolved to find a route.
    /// </summary>
    public IReadOnlyList<NamePattern>? Names { get; init; }

    public CidrSet? Networks { get; init; }

    public IReadOnlyList<PortRange>? Ports { get; init; }

    /// <summary>Who asks.</summary>
    public CidrSet? Sources { get; init; }

    internal bool Matches(string? name, IPAddress? address, int port, IPAddress source) =>
        MatchesHost(name, address)
        && (Ports is null || Ports.Any(range => range.Contains(port)))
        && Sources?.Contains(source) != false;

    private bool MatchesHost(string? name, IPAddress? address) =>
        (Names is null && Networks is null)
        || (name is not null && Names?.Any(pattern => pattern.Matches(name)) == true)
        || (address is not null && Networks?.Contains(address) == true);
}
