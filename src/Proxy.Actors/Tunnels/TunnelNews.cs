namespace Proxy.Actors;

/// <summary>What happens to a tunnel while it lives.</summary>
internal enum TunnelNews
{
    /// <summary>The peer has another address.</summary>
    AddressChanged,

    /// <summary>Larger datagrams get through than before, or do not any more.</summary>
    SizeChanged,

    /// <summary>Ids, numbers or keys near their end: another tunnel is to take its place.</summary>
    Worn,

    /// <summary>It opens no more streams, and ends with the last.</summary>
    Draining,
}
