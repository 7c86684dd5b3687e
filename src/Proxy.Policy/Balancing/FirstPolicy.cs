using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>
/// The first server in the order of the group that has room: as few servers as possible are in use, the others can sleep. Weights do not
/// matter; without a maximum of connections the first server takes everything.
/// </summary>
public sealed class FirstPolicy : IBalancePolicy
{
    public UpstreamServer Choose(ReadOnlySpan<Candidate> candidates, IPAddress? client) => candidates[0].Server;
}
