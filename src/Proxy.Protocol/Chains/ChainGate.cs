using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains;

/// <summary>
/// How a hop takes the headers of chains: which keys open them, and whether open ones are taken at all. Thread-safe.
/// </summary>
/// <param name="keys">Whose headers are taken when they are sealed; the key's name is the principal.</param>
/// <param name="takesOpen">Whether a header without a seal is taken: where the stream itself proves who speaks, or nobody has to.</param>
/// <param name="replays">Shared by all gates of the process.</param>
public sealed class ChainGate(IReadOnlyList<PresharedKey> keys, bool takesOpen, ChainReplays replays)
{
    /// <summary>For streams that prove by themselves who speaks: takes open headers, and no others.</summary>
    public static ChainGate OpenOnly { get; } = new([], takesOpen: true, new ChainReplays(0, capacity: 0));

    /// <summary>
    /// Reads the header that <paramref name="source"/> starts with. One that can not become right is refused as soon as that shows, so nobody
    /// waits for the rest of it; one that needs more is shorter than 1,100 bytes.
    /// </summary>
    /// <param name="unixMilliseconds">The system's clock, as the headers' own.</param>
    /// <param name="arrival">Null: more bytes are needed.</param>
    public bool TryRead(ReadOnlySpan<byte> source, long unixMilliseconds, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ChainArrival? arrival)
    {
        arrival = source switch
        {
            [] => null,
            [ChainSeal.Version, ..] => ReadSealed(source, unixMilliseconds),
            _ => ReadOpen(source),
        };
        return arrival is not null;
    }

    private ChainArrival? ReadOpen(ReadOnlySpan<byte> source)
    {
        if (!takesOpen)
        {
            return ChainArrival.Refused(ChainStatus.Unauthenticated, "this hop takes sealed headers only");
        }

        return ChainRequest.TryRead(source, out var consumed, out var request, out var broken) switch
        {
            ReadStatus.Done => new ChainArrival(request, consumed, ChainAnswer.Open(), null),
            ReadStatus.Malformed => ChainArrival.Refused(ChainStatus.Malformed, $"the chain header is malformed: {broken}"),
            _ => null,
        };
    }

    private ChainArrival? ReadSealed(ReadOnlySpan<byte> source, long unixMilliseconds)
    {
        switch (SealedRequest.TryMeasure(source, out var length))
        {
            case ReadStatus.NeedMore:
                return null;
            case ReadStatus.Malformed:
                return ChainArrival.Refused(ChainStatus.Malformed, $"the chain header is malformed: {ChainRule.SealedLength}");
        }

        var message = source[..length];
        foreach (var key in keys)
        {
            if (SealedRequest.IsFor(message, key) && SealedRequest.TryOpen(message, key, out var sent, out var text))
            {
                return Judge(message, key, sent, text, unixMilliseconds);
            }
        }

        return ChainArrival.Refused(ChainStatus.Unauthenticated, "no key of this hop opens the header");
    }

    private ChainArrival Judge(ReadOnlySpan<byte> message, PresharedKey key, long sent, byte[] text, long unixMilliseconds)
    {
        var salt = SealedRequest.Salt(message);
        var freshness = replays.Judge(salt, sent, unixMilliseconds);
        if (freshness == Freshness.Seen)
        {
            // Answered in the open: the seal's one use was spent on the header that came first.
            return ChainArrival.Refused(ChainStatus.Unauthenticated, "this header came already", principal: key.Name);
        }

        if (freshness != Freshness.Fresh)
        {
            // In the open, too: what is not remembered may come again, and would be answered under the same seal again.
            var status = freshness == Freshness.NoRoom ? ChainStatus.Busy : ChainStatus.Unauthenticated;
            return ChainArrival.Refused(status, TextOf(freshness, sent - unixMilliseconds), principal: key.Name);
        }

        var answer = ChainAnswer.Sealed(key, salt);
        var read = ChainRequest.TryRead(text, out var consumed, out var request, out var broken);
        if (read != ReadStatus.Done || consumed != text.Length)
        {
            var rule = read == ReadStatus.Malformed ? broken : ChainRule.SealedRest;
            return ChainArrival.Refused(ChainStatus.Malformed, $"the chain header is malformed: {rule}", answer, key.Name);
        }

        return new ChainArrival(request, message.Length, answer, key.Name);
    }

    private static string TextOf(Freshness freshness, long aheadMilliseconds) => freshness switch
    {
        Freshness.OffClock => $"the header's clock is {Math.Abs(aheadMilliseconds) / 1000} s {(aheadMilliseconds < 0 ? "behind" : "ahead of")} this hop's",
        Freshness.BeforeStart => "the header was made before this hop began",
        _ => "this hop can not remember more headers now",
    };
}
