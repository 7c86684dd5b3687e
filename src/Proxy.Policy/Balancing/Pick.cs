using System.Net;

namespace Proxy.Policy.Balancing;

/// <summary>Who asks for a server. <paramref name="Tried"/>: the servers this connection has failed on; null or empty at first.</summary>
public readonly record struct PickRequest(IPAddress? Client, IReadOnlyList<UpstreamServer>? Tried = null)
{
    internal bool HasTried(UpstreamServer server)
    {
        // An index and not an enumerator: this runs for each server of each pick.
        for (var index = 0; index < (Tried?.Count ?? 0); index++)
        {
            if (ReferenceEquals(Tried![index], server))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>How a pick went.</summary>
public enum PickStatus
{
    /// <summary>A server was chosen and counts the connection from now on.</summary>
    Picked,

    /// <summary>Every server that could serve this connection is at its maximum.</summary>
    AllFull,

    /// <summary>Servers are in service, and this connection has failed on each of them.</summary>
    AllTried,

    /// <summary>No server is in service.</summary>
    NoneUsable,
}
