namespace Proxy.Policy.Filters;

/// <summary>A factory may say what its filters have counted, all of them together; status and metrics show it.</summary>
public interface IFilterCounters
{
    /// <summary>
    /// The counts so far, from any thread at any time. Which there are is known from the start and never depends on what peers send; at most
    /// <see cref="FilterLimits.Patterns"/> are shown. A count never falls.
    /// </summary>
    IReadOnlyList<FilterCount> Counts();
}

/// <summary>Something that filters count.</summary>
/// <param name="Name">What is counted, such as a pattern; unique in its factory.</param>
public sealed record FilterCount(string Name, long Count);
