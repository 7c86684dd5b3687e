namespace Proxy.Policy.Filters;

/// <summary>Where one connection's bytes are logged; disposed with the connection. It does not make the connection's thread wait for a disk.</summary>
public interface IFilterLog : IDisposable
{
    /// <summary>
    /// One line, printable ASCII without a line end; the span is only good during the call.
    /// </summary>
    /// <param name="nowMicroseconds">The pipeline's clock, which says nothing of the time of day.</param>
    void WriteLine(long nowMicroseconds, ReadOnlySpan<char> line);
}
