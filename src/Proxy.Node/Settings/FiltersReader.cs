using Proxy.Node.Commands;
using Proxy.Node.Filters;
using Proxy.Policy.Filters;

namespace Proxy.Node.Settings;

/// <summary>What looks into the bytes of a frontend: each an object with its kind, the kind's value, and options.</summary>
internal static class FiltersReader
{
    private static readonly string[] Kinds = ["log", "match", "replace", "throttle", "cut", "plugin"];

    private static readonly string[] FileKeys = ["dir", "plugin"];

    /// <summary>The filters, each with the text that it was made from.</summary>
    public static IReadOnlyList<(IStreamFilterFactory Filter, string Text)> Read(SettingsValue filters)
    {
        var items = filters.List();
        if (items.Count > FilterLimits.Filters)
        {
            filters.Wrong($"there are {items.Count} filters", $"at most {FilterLimits.Filters} are possible");
        }

        return [.. items.SelectMany(ReadFilter)];
    }

    // None where it is wrong.
    private static (IStreamFilterFactory Filter, string Text)[] ReadFilter(SettingsValue filter)
    {
        var settings = filter.AsObject();
        if (!settings.IsThere)
        {
            return [];
        }

        var kinds = settings.Keys.Intersect(Kinds).ToArray();
        if (kinds is not [var kind])
        {
            filter.Wrong("a filter has one kind", $"one of {string.Join(", ", Kinds)} is expected");
            return [];
        }

        try
        {
            var values = ValuesOf(settings, kind);
            (string Name, string Value)[] options = [.. OptionsOf(kind).SelectMany(option => ValuesOf(settings, option).Take(1), (option, value) => (option, value))];
            if (values.Count == 0)
            {
                filter.Wrong($"{kind} has no value");
                return [];
            }

            var spec = FilterSpec.Of(kind, values, options);
            return [(FilterOptions.FactoryOf(spec), spec.Text)];
        }
        catch (UsageException wrong)
        {
            filter.Wrong(wrong.Message);
            return [];
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
