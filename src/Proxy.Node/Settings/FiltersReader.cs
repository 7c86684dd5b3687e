using Proxy.Node.Commands;
using Proxy.Node.Filters;
using Proxy.Policy.Filters;

namespace Proxy.Node.Settings;

/// <summary>What looks into the bytes of a frontend: each an object with its kind, the kind's value, and options.</summary>
internal static class FiltersReader
{
    private static readonly string[] Kinds = ["log", "match", "replace", "throttle", "cut", "plugin"];

    private static readonly string[] FileKeys = ["dir", "plugin"];

    public static IReadOnlyList<IStreamFilterFactory> Read(SettingsValue filters)
    {
        var items = filters.List();
        if (items.Count > FilterLimits.Filters)
        {
            filters.Wrong($"there are {items.Count} filters", $"at most {FilterLimits.Filters} are possible");
        }

        return [.. items.Select(ReadFilter).OfType<IStreamFilterFactory>()];
    }

    private static IStreamFilterFactory? ReadFilter(SettingsValue filter)
    {
        var settings = filter.AsObject();
        if (!settings.IsThere)
        {
            return null;
        }

        var kinds = settings.Keys.Intersect(Kinds).ToArray();
        if (kinds is not [var kind])
        {
            filter.Wrong("a filter has one kind", $"one of {string.Join(", ", Kinds)} is expected");
            return null;
        }

        try
        {
            var values = ValuesOf(settings, kind);
            (string Name, string Value)[] options = [.. OptionsOf(kind).SelectMany(option => ValuesOf(settings, option).Take(1), (option, value) => (option, value))];
            return values.Count == 0 ? null : FilterOptions.FactoryOf(FilterSpec.Of(kind, values, options));
        }
        catch (UsageException wrong)
        {
            filter.Wrong(wrong.Message);
            return null;
        }
    }

    private static string[] OptionsOf(string kind) => kind switch
    {
        "log" => ["dir", "max", "direction"],
        "match" => ["action", "direction"],
        "replace" => ["with", "direction"],
        "throttle" => ["burst", "direction"],
        "plugin" => ["type", "argument"],
        _ => [],
    };

    private static IReadOnlyList<string> ValuesOf(SettingsObject settings, string key) => settings.Find(key) is not { } value ? []
        : FileKeys.Contains(key) ? [.. value.List().Select(item => item.File()?.Replace("\\", "\\\\", StringComparison.Ordinal)).OfType<string>()]
        : value.Texts();
}
