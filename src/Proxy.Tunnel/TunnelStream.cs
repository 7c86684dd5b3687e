using System.Buffers;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;

namespace Proxy.Tunnel;

/// <summary>One stream inside an engine: its state machine and the bytes that wait on either side of it.</summary>
internal sealed class TunnelStream
{
    public TunnelStream(int id, ArrayPool<byte> pool)
    {
        Id = id;
        Unsent = new ByteQueue(pool);
        Received = new ByteQueue(pool);
    }

    public int Id { get; }

    /// <summary>A mutable struct: a field, so that its calls change it. It hears of our end when the FIN goes out, not before.</summary>
    public StreamMachine Machine;

    /// <summary>Given by the owner, not yet in a frame.</summary>
    public ByteQueue Unsent { get; }

    /// <summary>From the peer, not yet handed to the owner.</summary>
    public ByteQueue Received { get; }

    /// <summary>Whether the owner wants data now.</summary>
    public bool IsReceiving { get; set; }

    /// <summary>
    /// Whether a FIN goes out once <see cref="Unsent"/> is empty. Until then the stream lives on: the peer may still ask us to pause or to go
    /// on, and its reset still cuts off what waits.
    /// </summary>
    public bool OwesFin { get; set; }

    /// <summary>Whether the owner waits for <see cref="TunnelEventKind.SendDrained"/>.</summary>
    public bool OwesDrained { get; set; }

    /// <summary>Whether the peer's end of stream waits behind <see cref="Received"/>.</summary>
    public bool OwesEndOfStream { get; set; }

    /// <summary>Whether the stream stands in the queue of those that want to send.</summary>
    public bool IsInSendTurn { get; set; }

    /// <summary>Whether the stream stands in the queue of those that have something for their owner.</summary>
    public bool IsInDeliveryTurn { get; set; }

    /// <summary>Whether the owner let go of it; it goes for good when nothing is left to send.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Whether the owner may add bytes to send.</summary>
    public bool CanSend => Machine.CanSend && !OwesFin;

    /// <summary>Whether both ends have finished or been cut off; what was given to send may still wait here.</summary>
    public bool IsOver => !Machine.IsLive || IsFinishing;

    /// <summary>Whether the peer has finished and what we still have to send is all that is left.</summary>
    public bool IsFinishing => Machine.IsLive && OwesFin && !Machine.CanReceive;

    /// <summary>Whether everything went over the wire both ways and only the owner's reading of it is left.</summary>
    public bool IsWhole => Machine.End == EndReason.Completed && OwesEndOfStream && !IsReleased;

    /// <summary>Whether there is something that a frame can carry now.</summary>
    public bool WantsToSend => (!Unsent.IsEmpty && !Machine.IsPausedByPeer) || (Unsent.IsEmpty && OwesFin);

    /// <summary>Whether there is something for the owner now.</summary>
    public bool HasForOwner => IsReceiving && (!Received.IsEmpty || OwesEndOfStream);

    public void DropUnsent()
    {
        Unsent.Clear();
        OwesFin = false;
        OwesDrained = false;
    }

    public void DropReceived()
    {
        Received.Clear();
        OwesEndOfStream = false;
    }
}
