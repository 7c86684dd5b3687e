namespace Proxy.Policy.Filters;

/// <summary>
/// Sees, and may change, the bytes of one connection. Made by an <see cref="IStreamFilterFactory"/>; what it knows it keeps in its own fields,
/// apart for each direction or for both together.
/// <para>
/// Threads: all calls for one connection come one after the other on one thread, which carries many connections: a filter neither waits nor
/// works for long. One that implements <see cref="IDisposable"/> is disposed once, when its connection is over.
/// </para>
/// <para>
/// Bytes: a span is only good during the call. What a filter was given it has either passed, changed or dropped, or it holds it back
/// (<see cref="IFilterOutput.HoldBack"/>), which the pipeline does for it: held bytes come again, in front of new ones. Where the borders
/// between calls lie means nothing; they are those of the packets of the network.
/// </para>
/// <para>
/// Bounds and back-pressure: while bytes are held for a moment in time (<see cref="IFilterOutput.CallAt"/>), the sender of that direction is
/// not read. Held without such a moment they wait for more bytes, at most <see cref="FilterLimits.HeldBytes"/> of them.
/// An exception ends the connection, as <see cref="IFilterOutput.Cut"/> does.
/// </para>
/// </summary>
public interface IStreamFilter
{
    /// <summary>
    /// Bytes that came, behind those held back before. Called once with none, for each direction, when the connection begins; and with what
    /// is held, perhaps nothing, at a moment that was asked for.
    /// </summary>
    /// <param name="nowMicroseconds">A clock that never goes back, and says nothing of the time of day.</param>
    void Process(FilterDirection direction, ReadOnlySpan<byte> input, IFilterOutput output, long nowMicroseconds);

    /// <summary>
    /// The sender has finished this direction; <paramref name="rest"/> is what was held back. Only for a moment in time can bytes still be
    /// held, and then it is called again; otherwise it is the last call for the direction, and the end is passed on.
    /// </summary>
    void Finish(FilterDirection direction, ReadOnlySpan<byte> rest, IFilterOutput output, long nowMicroseconds);
}
