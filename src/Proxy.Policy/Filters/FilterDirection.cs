namespace Proxy.Policy.Filters;

/// <summary>Which way bytes go.</summary>
public enum FilterDirection
{
    ToUpstream = 0,
    ToClient = 1,
}

/// <summary>The directions that a filter looks at; the bytes of the other one do not pass through it.</summary>
[Flags]
public enum FilterDirections
{
    None = 0,
    ToUpstream = 1,
    ToClient = 2,
    Both = ToUpstream | ToClient,
}

internal static class FilterDirectionsExtensions
{
    public static bool Include(this FilterDirections directions, FilterDirection direction) => ((int)directions & (1 << (int)direction)) != 0;
}
