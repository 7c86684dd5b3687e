namespace Proxy.Policy.Filters;

/// <summary>
/// Makes the filter of each connection. One factory serves all connections of its listeners, from several threads at once: what filters share
/// through it must allow that.
/// </summary>
public interface IStreamFilterFactory
{
    /// <summary>What the log and the settings call the filter.</summary>
    string Name { get; }

    /// <summary>The directions whose bytes pass through the filter.</summary>
    FilterDirections Directions { get; }

    /// <summary>A filter for a connection that is about to begin. An exception ends the connection.</summary>
    IStreamFilter Create(FilterConnection connection);
}
