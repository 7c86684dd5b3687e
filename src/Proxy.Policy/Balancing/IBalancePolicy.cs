using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// Chooses a server for a connection. A policy belongs to one group and is called by its owner only; it may keep state. Given the same
/// candidates, clients and seed it makes the same choices.
/// </summary>
public interface IBalancePolicy
{
    /// <summary>
    /// One of <paramref name="candidates"/>, which are never empty, all have room, and come in the order of the group;
    /// <paramref name="client"/> is null where the source has no address.
    /// </summary>
    UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client);
}

/// <summary>A server that may be chosen, with the weight it has at this moment, in thousandths and above 0.</summary>
public readonly record struct Candidate(UpstreamServer Server, long Weight);
