using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Frames;

/// <summary>Why a stream was reset or a tunnel closed, as the native dialect says it. The numbers never change.</summary>
public enum WireReason : byte
{
    Unspecified = 0,

    /// <summary>The TCP connection behind it was reset, or its node let go of it.</summary>
    Cancelled = 1,

    /// <summary>A limit was reached. Nothing was processed.</summary>
    Busy = 2,

    /// <summary>More streams than may exist at once. Nothing was processed.</summary>
    TooManyStreams = 3,

    /// <summary>The tunnel is being drained. Nothing was processed.</summary>
    Draining = 4,

    /// <summary>More bytes came than credit was given for.</summary>
    CreditExceeded = 5,

    /// <summary>Something else that the protocol does not allow.</summary>
    Malformed = 6,

    /// <summary>A deadline passed.</summary>
    Timeout = 7,

    /// <summary>The real server, or the way to it, failed.</summary>
    UpstreamFailed = 8,

    NotAllowed = 9,

    /// <summary>A defect.</summary>
    Internal = 10,
}

/// <summary>Between what a node knows of an end and what its peer needs to know.</summary>
public static class WireReasons
{
    public static WireReason ToWire(EndReason reason) => reason switch
    {
        EndReason.ResetByClient or EndReason.ResetByUpstream or EndReason.KilledLocally => WireReason.Cancelled,
        EndReason.Busy => WireReason.Busy,
        EndReason.Draining => WireReason.Draining,
        EndReason.Malformed => WireReason.Malformed,
        EndReason.IdleTimeout or EndReason.HalfCloseTimeout or EndReason.HeaderTimeout => WireReason.Timeout,
        EndReason.ConnectTimeout or EndReason.Refused or EndReason.Unreachable or EndReason.NameNotFound
            or EndReason.NoUpstream => WireReason.UpstreamFailed,
        EndReason.NotAllowed or EndReason.Unauthenticated or EndReason.Loop => WireReason.NotAllowed,
        EndReason.InternalError => WireReason.Internal,
        _ => WireReason.Unspecified,
    };

    /// <summary>What the peer's reason means here; null where it says no more than that the peer reset the stream.</summary>
    public static EndReason? ToEnd(WireReason reason) => reason switch
    {
        WireReason.Busy or WireReason.TooManyStreams => EndReason.Busy,
        WireReason.Draining => EndReason.Draining,
        WireReason.CreditExceeded or WireReason.Malformed => EndReason.Malformed,
        WireReason.NotAllowed => EndReason.NotAllowed,
        _ => null,
    };

    /// <summary>Whether the peer promises that it did nothing for the stream, so that it may be opened again elsewhere.</summary>
    public static bool PromisesNothingProcessed(WireReason reason) =>
        reason is WireReason.Busy or WireReason.TooManyStreams or WireReason.Draining;
}
