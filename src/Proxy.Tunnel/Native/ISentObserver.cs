namespace Proxy.Tunnel.Native;

/// <summary>Hears what a <see cref="SentBook"/> finds out. The record is valid during the call.</summary>
internal interface ISentObserver
{
    /// <summary>It arrived. <paramref name="wasLost"/>: after it had been taken to be lost.</summary>
    void OnAcknowledged(ulong number, ref SentDatagram datagram, bool wasLost);

    /// <summary>It is taken to be lost. Bare acknowledgements are not reported.</summary>
    void OnLost(ulong number, ref SentDatagram datagram);

    /// <summary>It is lost, or will turn out to be, but the peer has what it carried. Told once.</summary>
    void OnRecovered(ref SentDatagram datagram);
}
