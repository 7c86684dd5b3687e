namespace Proxy.Policy.Filters;

/// <summary>
/// What a filter does with the bytes of one call. Only good during that call; later it throws <see cref="InvalidOperationException"/>.
/// </summary>
public interface IFilterOutput
{
    /// <summary>Passes bytes on: those that came, or any others. They are copied where they must be kept.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Leaves the last <paramref name="bytes"/> of the input for a later call. They are not passed on and come again in front of what follows.
    /// </summary>
    void HoldBack(int bytes);

    /// <summary>
    /// Asks for a call in this direction at a moment of the same clock, not sooner than <see cref="FilterLimits.ShortestWaitMicroseconds"/>
    /// from now. It holds until the next call, which may come earlier with new bytes: whoever still needs it asks again. The earliest wins.
    /// </summary>
    void CallAt(long momentMicroseconds);

    /// <summary>
    /// Ends the connection, in both directions, for a reason that goes into the log. What was written before is still passed on; nothing
    /// that is held anywhere is.
    /// </summary>
    void Cut(string reason);
}
