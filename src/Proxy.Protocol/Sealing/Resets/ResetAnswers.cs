using Proxy.Protocol.Sealing.Datagrams;

namespace Proxy.Protocol.Sealing.Resets;

/// <summary>
/// Decides which datagrams for tunnels that do not exist are answered by a reset: only data, only for an id that this node made, never for
/// something short, never with something longer, and only so many a second. Everybody else meets silence. One per listener; not thread-safe.
/// </summary>
public sealed class ResetAnswers
{
    private readonly TunnelIds _ids;
    private readonly RateBound _rate;

    public ResetAnswers(TunnelIds ids, long nowMicroseconds)
    {
        _ids = ids;
        _rate = new RateBound(SealingLimits.ResetsPerSecond, nowMicroseconds);
    }

    /// <summary>Answers given.</summary>
    public long Sent { get; private set; }

    /// <summary>Writes the answer to a datagram whose receiver is no tunnel of this node; false for silence.</summary>
    /// <param name="answer">Room for <see cref="ResetMessage.Bytes"/>.</param>
    public bool TryAnswer(ReadOnlySpan<byte> datagram, long nowMicroseconds, Span<byte> answer)
    {
        if (datagram.Length < SealingLimits.ResetTriggerBytes
            || !DatagramHeader.TryRead(datagram, out var header)
            || header.Kind != DatagramKind.Data
            || !_ids.IsOurs(header.Receiver)
            || !_rate.TryTake(nowMicroseconds))
        {
            return false;
        }

        Span<byte> token = stackalloc byte[ResetMessage.TokenBytes];
        _ids.WriteToken(header.Receiver, token);
        ResetMessage.Write(answer, header.Receiver, token);
        Sent++;
        return true;
    }
}
