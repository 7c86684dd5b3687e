namespace Proxy.Tunnel.Native;

/// <summary>Whether lost datagrams can be mended without being sent again.</summary>
public enum FecMode
{
    /// <summary>We send no shards. Those of the peer are used all the same.</summary>
    Off,

    /// <summary>So many shards for so many datagrams, whatever the path does.</summary>
    Fixed,

    /// <summary>Where the path loses, is long, and a tail would wait: at most one and a half times what is lost.</summary>
    Adaptive,
}
