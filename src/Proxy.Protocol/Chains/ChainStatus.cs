using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Chains;

/// <summary>A hop's answer.</summary>
public enum ChainStatus : byte
{
    Ok = 0,
    Refused = 1,
    Unreachable = 2,
    TimedOut = 3,
    NameNotFound = 4,
    NotAllowed = 5,
    Loop = 6,
    Malformed = 7,
    Unauthenticated = 8,
    Busy = 9,
}

/// <summary>What ends mean on the wire of a chain, and back.</summary>
public static class ChainStatuses
{
    /// <summary>
    /// Why a stream ends whose hop answered with <paramref name="status"/>; <see cref="EndReason.None"/> for <see cref="ChainStatus.Ok"/>.
    /// </summary>
    public static EndReason ToEndReason(this ChainStatus status) => status switch
    {
        ChainStatus.Ok => EndReason.None,
        ChainStatus.Refused => EndReason.Refused,
        ChainStatus.Unreachable => EndReason.Unreachable,
        ChainStatus.TimedOut => EndReason.ConnectTimeout,
        ChainStatus.NameNotFound => EndReason.NameNotFound,
        ChainStatus.NotAllowed => EndReason.NotAllowed,
        ChainStatus.Loop => EndReason.Loop,
        ChainStatus.Unauthenticated => EndReason.Unauthenticated,
        ChainStatus.Busy => EndReason.Busy,
        _ => EndReason.Malformed,
    };

    /// <summary>In lower-case words, for log lines.</summary>
    public static string Words(this ChainStatus status) => status switch
    {
        ChainStatus.TimedOut => "timed out",
        ChainStatus.NameNotFound => "name not found",
        ChainStatus.NotAllowed => "not allowed",
        _ => status.ToString().ToLowerInvariant(),
    };

    /// <summary>How a hop tells the previous one that it cannot connect on.</summary>
    public static ChainStatus ToChainStatus(this EndReason reason) => reason switch
    {
        EndReason.None or EndReason.Completed => ChainStatus.Ok,
        EndReason.Refused or EndReason.ResetByUpstream => ChainStatus.Refused,
        EndReason.ConnectTimeout or EndReason.HandshakeTimeout or EndReason.HeaderTimeout => ChainStatus.TimedOut,
        EndReason.NameNotFound => ChainStatus.NameNotFound,
        EndReason.NotAllowed => ChainStatus.NotAllowed,
        EndReason.Loop => ChainStatus.Loop,
        EndReason.Malformed => ChainStatus.Malformed,
        EndReason.Unauthenticated => ChainStatus.Unauthenticated,
        EndReason.Busy or EndReason.Draining => ChainStatus.Busy,
        _ => ChainStatus.Unreachable,
    };
}
