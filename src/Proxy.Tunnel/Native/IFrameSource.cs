namespace Proxy.Tunnel.Native;

/// <summary>What a <see cref="Lane"/> asks and tells while it makes a segment.</summary>
internal interface IFrameSource
{
    /// <summary>Credit that the stream's peer is to be given now, and counts as given; 0: none.</summary>
    uint TakeCredit(NativeStream stream);

    /// <summary>Bytes of the stream are in the lane, and its end with them if <paramref name="ended"/>.</summary>
    void HandleSent(NativeStream stream, int bytes, bool ended);
}
