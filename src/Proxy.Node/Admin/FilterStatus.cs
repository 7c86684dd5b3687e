using Proxy.Actors;
using Proxy.Policy.Filters;

namespace Proxy.Node.Admin;

/// <summary>What one filter of a frontend has counted since the start, all connections together.</summary>
/// <param name="Position">Its place among the frontend's filters, from 1.</param>
internal sealed record FilterStatus(string Frontend, int Position, string Filter, IReadOnlyList<FilterCount> Counts)
{
    public static IReadOnlyList<FilterStatus> Of(IReadOnlyList<FrontendSettings> frontends) =>
    [
        .. from frontend in frontends
           from filter in frontend.Filters.Select((factory, index) => (Factory: factory, Position: index + 1))
           let counters = filter.Factory as IFilterCounters
           where counters is not null
           select new FilterStatus(frontend.Name, filter.Position, filter.Factory.Name, counters.Counts()),
    ];
}
