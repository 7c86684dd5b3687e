namespace Proxy.Protocol.Ends;

/// <summary>Whose fault an end was: the first question of every incident, and the label of the metric.</summary>
public enum Fault
{
    /// <summary>Nothing went wrong, or nobody can be named.</summary>
    Nobody,

    /// <summary>Who connected to us and asked for the stream.</summary>
    Client,

    /// <summary>The real server behind the proxy, or the way to it.</summary>
    Upstream,

    /// <summary>The link between proxy client and proxy server, or the peer at its other end.</summary>
    Tunnel,

    /// <summary>This node: its load, its limits, its operator or a defect.</summary>
    Us,
}
