using System.Buffers;
using Proxy.Protocol;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;

namespace Proxy.Tunnel.Native;

/// <summary>One stream with credit: its state machine, the bytes that wait on either side of it, and the credit both ways.</summary>
internal abstract class CreditStream
{
    protected CreditStream(int id, ArrayPool<byte> pool)
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

    /// <summary>Bytes that the peer lets us send.</summary>
    public long SendCreditBytes { get; set; } = ProtocolLimits.InitialCreditBytes;

    /// <summary>What the peer may have sent and the owner not taken, at most. Its share of the budget.</summary>
    public int WindowBytes { get; set; }

    /// <summary>All that the peer was ever allowed to send.</summary>
    public long GrantedBytes { get; set; }

    /// <summary>All that the peer ever sent.</summary>
    public long ReceivedBytes { get; set; }

    /// <summary>All that the owner took.</summary>
    public long DeliveredBytes { get; set; }

    /// <summary>Where the present measurement of how fast a window is used up began.</summary>
    public long WindowUseFromBytes { get; set; }
    public long WindowUseSinceMicroseconds { get; set; }

    /// <summary>What its turn in the lane has left; negative when it took too much.</summary>
    public int TurnBytes { get; set; }

    /// <summary>Whether the owner wants data now.</summary>
    public bool IsReceiving { get; set; }

    /// <summary>Whether the end goes out once <see cref="Unsent"/> is empty.</summary>
    public bool OwesFin { get; set; }

    /// <summary>Whether the owner waits for <see cref="TunnelEventKind.SendDrained"/>.</summary>
    public bool OwesDrained { get; set; }

    /// <summary>Whether the peer's end of stream waits behind <see cref="Received"/>.</summary>
    public bool OwesEndOfStream { get; set; }

    /// <summary>Whether it stands in the queue of those that have credit to give.</summary>
    public bool IsInCreditTurn { get; set; }

    /// <summary>Whether it stands in the queue of those that want to send.</summary>
    public bool IsInSendTurn { get; set; }

    /// <summary>Whether it stands in the queue of those that have something for their owner.</summary>
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
    public bool WantsToSend => Unsent.IsEmpty ? OwesFin : SendCreditBytes > 0;

    /// <summary>Whether there is something for the owner now.</summary>
    public bool HasForOwner => IsReceiving && (!Received.IsEmpty || OwesEndOfStream);

    /// <summary>What the peer may send in addition without passing the window.</summary>
    public long UngrantedBytes => WindowBytes - (GrantedBytes - DeliveredBytes);

    public void DropUnsent()
    {
        Unsent.Clear();
        OwesFin = false;
        OwesDrained = false;
    }

    public void DropReceived()
    {
        DeliveredBytes += Received.Length;
        Received.Clear();
        OwesEndOfStream = false;
    }
}
