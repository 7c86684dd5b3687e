namespace Proxy.Actors;

/// <summary>Which of a pool's tunnels takes a stream.</summary>
public enum TunnelBalance
{
    /// <summary>The less busy of two random ones.</summary>
    RandomTwo,

    /// <summary>The same for all streams of one source address, as long as it is there; the less busy of two for streams of unknown source.</summary>
    Source,
}
