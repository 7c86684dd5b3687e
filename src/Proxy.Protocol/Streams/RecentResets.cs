namespace Proxy.Protocol.Streams;

/// <summary>
/// The streams that a RST was sent for lately. Until the peer has read it, its data for that stream keeps arriving, a whole window of it;
/// with the id remembered, the first is answered and the rest is dropped in silence.
/// Holds the latest <see cref="Capacity"/> ids, and nothing before the first. Ids are never used twice, so none has to be taken out.
/// </summary>
public sealed class RecentResets
{
    /// <summary>
    /// Streams reset within about one round trip. One more than that costs an answer too many, which the budget for answers counts.
    /// </summary>
    public const int Capacity = 1024;

    private HashSet<int>? _known;
    private Queue<int>? _order;

    /// <summary>Whether the stream was not known yet: where the RST would be an answer to an unknown stream, send it only then.</summary>
    public bool Add(int streamId)
    {
        _known ??= [];
        _order ??= [];
        if (!_known.Add(streamId))
        {
            return false;
        }

        _order.Enqueue(streamId);
        if (_order.Count > Capacity)
        {
            _known.Remove(_order.Dequeue());
        }

        return true;
    }
}
