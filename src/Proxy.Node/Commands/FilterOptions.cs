using System.CommandLine;
using Proxy.Node.Filters;
using Proxy.Policy.Filters;

namespace Proxy.Node.Commands;

/// <summary>What looks into the bytes of a relay.</summary>
internal sealed class FilterOptions
{
    private readonly Option<string[]> _filters = new("--filter")
    {
        Description = "Passes the bytes through a filter; may be repeated, the first is nearest to the client. "
            + "log=hex|text,dir=DIR[,max=SIZE]; match=PATTERN[,PATTERN…][,action=cut]; replace=OLD,with=NEW; throttle=RATE[,burst=SIZE]; "
            + "cut=SIZE|TIME[,SIZE|TIME]; plugin=FILE.dll,type=NAMESPACE.FACTORY[,argument=TEXT]. All but cut and plugin take direction=up|down|both. "
            + @"In values \, \\ \r \n \t and \xHH are escapes.",
        HelpName = "SPEC",
    };

    public void AddTo(Command command) => command.Add(_filters);

    public IReadOnlyList<IStreamFilterFactory> Read(ParseResult parsed)
    {
        var texts = parsed.GetValue(_filters) ?? [];
        return texts.Length <= FilterLimits.Filters
            ? [.. texts.Select(text => FactoryOf(FilterSpec.Parse(text)))]
            : throw new UsageException($"--filter: at most {FilterLimits.Filters} are possible");
    }

    internal static IStreamFilterFactory FactoryOf(FilterSpec spec) => spec.Kind switch
    {
        "log" => BuiltInFilters.Log(spec),
        "match" => BuiltInFilters.Match(spec),
        "replace" => BuiltInFilters.Replace(spec),
        "throttle" => BuiltInFilters.Throttle(spec),
        "cut" => BuiltInFilters.Cut(spec),
        "plugin" => FilterPlugin.Load(spec),
        _ => throw spec.Wrong($"there is no filter '{spec.Kind}'; there are log, match, replace, throttle, cut and plugin"),
    };
}
