using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>One line for each change of a tunnel's state, with its reason, the same words at both ends and over every transport.</summary>
/// <param name="log">Where the lines go.</param>
/// <param name="name">The tunnel, as <c>tunnel to kcp://192.0.2.1:4000</c>.</param>
/// <param name="peer">The other end, in a word: server or client.</param>
internal sealed class TunnelLog(ILoggingAdapter log, string name, string peer)
{
    /// <summary>A try at one; of a row of them that fail only the first failure is news.</summary>
    public void Opening() => log.Debug($"{name}: opening");

    /// <param name="how">Transport and cipher in words, and what else is known at once.</param>
    public void Ready(string how) => log.Info($"{name} is ready, {how}");

    /// <summary>The same, where it is one of a row that a history is kept of.</summary>
    public void Ready(string how, TunnelHistory history, long nowMicroseconds)
    {
        var line = $"{name} is ready, {how}{(history.ShortLives > 0 ? $"; {history.ShortLives} before it ended at once" : "")}";
        if (history.IsReadyNews)
        {
            log.Info(line);
        }
        else
        {
            log.Debug(line);
        }

        history.HandleReady(nowMicroseconds);
    }

    public void Suspected(string why) => log.Info($"{name}: the {peer} is silent ({why})");

    public void Trusted() => log.Info($"{name}: the {peer} is back");

    public void ClockDiffers(TimeSpan difference) => log.Warning($"{name}: the {peer}'s clock and ours differ by {difference.TotalSeconds:0} s");

    public void Moved(string why) => log.Info($"{name}: goes on from another socket, {why}");

    public void News(TunnelEvents.News news) => log.Info(news.Kind switch
    {
        TunnelNews.AddressChanged => $"{name}: the {peer} has another address, {news.Text}",
        TunnelNews.Worn => $"{name}: to be replaced, {news.Text}",
        TunnelNews.Draining => $"{name}: no more streams are opened ({news.Text})",
        _ => $"{name}: {news.Text}",
    });

    public void Ended(EndReason reason, string text) => log.Info(EndLine(reason, text));

    /// <summary>Of a row of failures the first is news; the ones behind it say the same again, a few times a second.</summary>
    public void Failed(EndReason reason, string text, TunnelHistory history, long nowMicroseconds)
    {
        if (history.HandleFailed(nowMicroseconds))
        {
            log.Warning(EndLine(reason, text) + "; trying again until it is back");
        }
        else
        {
            log.Debug(EndLine(reason, text));
        }
    }

    private string EndLine(EndReason reason, string text) =>
        $"{name} ended: {reason.Text()} ({text}){(reason.Fault() is var fault && fault == Fault.Nobody ? "" : $", fault: {fault.ToString().ToLowerInvariant()}")}";
}
