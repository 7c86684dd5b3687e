using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Chains;

/// <summary>
/// Where a connection goes: through these hops, in order, to that destination. Immutable. The first hop may be the server at the end of a
/// tunnel, which needs no header of another form.
/// </summary>
public sealed record ChainPath
{
    /// <param name="hops">1 to <see cref="ProtocolLimits.ChainHops"/>.</param>
    /// <param name="destination">Null: to the last hop and back, which measures the chain.</param>
    public ChainPath(IReadOnlyList<ChainHop> hops, Destination? destination)
    {
        ArgumentNullException.ThrowIfNull(hops);
        ArgumentOutOfRangeException.ThrowIfZero(hops.Count, nameof(hops));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hops.Count, ProtocolLimits.ChainHops, nameof(hops));
        (Hops, Destination) = (hops, destination);
    }

    public IReadOnlyList<ChainHop> Hops { get; }

    public Destination? Destination { get; }

    /// <summary>What is asked for, where there is a destination.</summary>
    public ChainCommand Command { get; init; } = ChainCommand.Tcp;

    /// <summary>Whether the destination is a hop that is reached otherwise, and takes what it needs to know from what is sent there.</summary>
    public bool EndsAtHop { get; init; }

    /// <summary>Who the connection is for, told to the last hop alone: the others have no use for it.</summary>
    public ChainFields Source { get; init; } = ChainFields.Empty;

    /// <summary>Ties the log lines of all hops together; null: there is nothing to tie.</summary>
    public UInt128? TraceId { get; init; }

    /// <summary>How many more hops the first one may have behind it. Less when we were ourselves reached through a chain.</summary>
    public byte HopBudget { get; init; } = ProtocolLimits.ChainHops - 1;

    /// <summary>Whether even a hop that is alone hears of the budget: where we were reached through a chain, it may go on through one, and come round.</summary>
    public bool TellsBudget { get; init; }

    /// <summary>The header of a hop, counted from 0.</summary>
    public ChainRequest RequestOf(int index)
    {
        var isLast = index == Hops.Count - 1;
        var fields = (isLast ? Source : ChainFields.Empty) with
        {
            TraceId = TraceId,
            HopBudget = Hops.Count == 1 && !TellsBudget ? null : (byte)Math.Max(0, HopBudget - index),
        };
        if (!isLast)
        {
            return new ChainRequest(Command, Hops[index + 1].Address, NextHopKind.ChainHop) { Fields = fields };
        }

        return Destination is { } destination
            ? new ChainRequest(Command, destination, EndsAtHop ? NextHopKind.ChainHop : NextHopKind.Destination) { Fields = fields }
            : ChainRequest.Echo with { Fields = fields };
    }

    /// <summary>A hop, counted from 1, or what stands behind the last one, for log lines.</summary>
    public string NameOf(int hop) => hop <= Hops.Count ? $"hop {hop} ({Hops[hop - 1].Address})" : $"the destination {Destination}";

    /// <summary>
    /// What is known when the stream was reset after every hop had answered. Where the first hop is a tunnel's server, the reset says how many
    /// tunnels lie behind that server to whoever saw the next way fail; a bare stream hands on a reset, and nothing of whose it was.
    /// </summary>
    /// <param name="distance">Null: the first hop is reached over a bare stream.</param>
    public ChainFailure ResetAfterAnswers(byte? distance)
    {
        if (distance is not { } tunnels)
        {
            return new ChainFailure(1, Hops.Count == 1 ? EndReason.ResetByUpstream : EndReason.ChainBroken, $"reset at or behind {NameOf(1)}");
        }

        var failed = tunnels + 2;
        if (failed > Hops.Count)
        {
            return new ChainFailure(Hops.Count + 1, EndReason.ResetByUpstream, $"reset by {NameOf(Hops.Count + 1)}");
        }

        return new ChainFailure(failed, EndReason.ChainBroken, $"reset at or behind {NameOf(failed)}");
    }
}
