using Proxy.Protocol.Ends;

namespace Proxy.Protocol.Chains;

/// <summary>Which hop of a chain failed, and what is known of it.</summary>
/// <param name="Hop">Counted from 1. One more than there are hops: the destination.</param>
/// <param name="Reason">Why the connection ends.</param>
/// <param name="Text">For the log; begins with who failed: "hop 2 (192.0.2.7:4000): refused, says hop 1: …".</param>
public sealed record ChainFailure(int Hop, EndReason Reason, string Text)
{
    /// <summary>What an answer that is not "ok" says: who could not connect on speaks of the next one, all else is about the hop itself.</summary>
    /// <param name="teller">The hop that answered, counted from 1.</param>
    public static ChainFailure Of(ChainPath path, int teller, ChainResponse response)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(response);
        var isNext = response.Status is ChainStatus.Refused or ChainStatus.Unreachable or ChainStatus.TimedOut or ChainStatus.NameNotFound;
        var failed = isNext ? teller + 1 : teller;
        var text = response.Text.Length > 0 ? ": " + response.Text : "";
        return new ChainFailure(
            failed,
            response.Status.ToEndReason(),
            isNext
                ? $"{path.NameOf(failed)}: {response.Status.Words()}, says {path.NameOf(teller)}{text}"
                : $"{path.NameOf(failed)} answered {response.Status.Words()}{text}");
    }
}
