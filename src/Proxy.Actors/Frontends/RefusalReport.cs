using System.Net;
using Proxy.Policy.Limits;

namespace Proxy.Actors;

/// <summary>
/// Refusals for an operator, who must see them and must not be buried by them: the first of a reason is told at once, those of the next ten
/// seconds in one line, and so on until ten seconds pass without one. One owner.
/// </summary>
internal sealed class RefusalReport
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Entry[] _entries = new Entry[RefusalReasons.All.Count];

    /// <summary>A line to log now, and then <see cref="Sum"/> is to be called after <see cref="Interval"/>; null: it is summed up later.</summary>
    public string? Add(in Refusal refusal, IPAddress client)
    {
        ref var entry = ref _entries[(int)refusal.Reason];
        if (!entry.IsOpen)
        {
            entry.IsOpen = true;
            return $"refused 1 connection: {refusal.Reason.Name()} ({client}: {refusal})";
        }

        entry.Count++;
        (entry.Last, entry.LastClient) = (refusal, client);
        return null;
    }

    /// <summary>The line for those that came since the last one, and <see cref="Sum"/> is to be called again; null: none came, that was it.</summary>
    public string? Sum(RefusalReason reason)
    {
        ref var entry = ref _entries[(int)reason];
        if (entry.Count == 0)
        {
            entry = default;
            return null;
        }

        var line = $"refused {entry.Count} connections in {Interval.TotalSeconds:0} s: {reason.Name()} (the last, {entry.LastClient}: {entry.Last})";
        entry = new Entry { IsOpen = true };
        return line;
    }

    private struct Entry
    {
        public bool IsOpen;
        public long Count;
        public Refusal Last;
        public IPAddress LastClient;
    }
}
