using System.Text;
using Proxy.Node.Commands;
using Proxy.Policy.Rules;

namespace Proxy.Node.Settings;

/// <summary>Whom a frontend serves, and when.</summary>
internal static class RulesReader
{
    // What a log line has room for.
    private const int MaximumNameLength = 120;

    public static AccessRules Read(SettingsValue rules, SettingsReading reading)
    {
        var places = rules.List();
        var read = places.Select(place => (Place: place, Rule: ReadRule(place.AsObject(), reading))).Where(pair => pair.Rule is not null).ToArray();
        var list = new AccessRules(read.Select(pair => pair.Rule!));
        foreach (var covered in list.FindCovered())
        {
            read[covered.RuleIndex].Place.Wrong(
                $"this rule never decides anything: {read[covered.CoveredByIndex].Place.Section.Origin} ('{read[covered.CoveredByIndex].Rule!.Name}') "
                + "matches all that it matches", "put it before that one, or remove it");
        }

        return list;
    }

    private static AccessRule? ReadRule(SettingsObject rule, SettingsReading reading)
    {
        if (!rule.IsThere)
        {
            return null;
        }

        var (allow, deny) = (rule.Find("allow"), rule.Find("deny"));
        var files = rule.Find("files")?.List() ?? [];
        var days = rule.Texts("days", []);
        var (hours, from, to, zone) = (TextOf(rule, "hours"), TextOf(rule, "from"), TextOf(rule, "to"), TextOf(rule, "zone"));
        if ((allow is null) == (deny is null))
        {
            rule.Wrong(allow is null ? "a rule that neither allows nor denies" : "a rule that both allows and denies", "set one of allow and deny, to networks or to any");
            return null;
        }

        var action = allow is null ? AccessAction.Deny : AccessAction.Allow;
        var name = new StringBuilder(action == AccessAction.Allow ? "allow" : "deny");
        var networks = ReadNetworks((allow ?? deny)!.Value, files, name, reading);
        var isRight = true;
        Schedule? schedule = null;
        if (days.Count > 0 || (hours ?? from ?? to ?? zone) is not null)
        {
            isRight = ScheduleText.TryParse(days, hours, from, to, zone, out schedule, out var errors);
            foreach (var error in errors)
            {
                rule.Wrong(error);
            }

            Append(name, "days", days.Count == 0 ? null : string.Join(',', days));
            Append(name, "hours", hours);
            Append(name, "from", from);
            Append(name, "to", to);
            Append(name, "zone", zone);
        }

        return !isRight ? null : new AccessRule(name.Length <= MaximumNameLength ? name.ToString() : $"{name.ToString(0, MaximumNameLength)}…", action, networks, schedule);
    }

    // Null: any.
    private static CidrSet? ReadNetworks(SettingsValue networks, IReadOnlyList<SettingsValue> files, StringBuilder name, SettingsReading reading)
    {
        if (files.Count == 0 && networks.Value is Hocon.HoconScalar { Text: "any" })
        {
            name.Append(" any");
            return null;
        }

        var builder = new CidrSetBuilder();
        foreach (var network in networks.List())
        {
            if (network.Text() is { } text)
            {
                Add(network, builder, () => builder.Add(text, "the rule", line: 1), error => error.Message);
                name.Append(' ').Append(text);
            }
        }

        foreach (var file in files)
        {
            AddFile(file, builder, name, reading);
        }

        if (files.Count == 0 && networks.List().Count == 0)
        {
            networks.Wrong("a rule for nobody", "networks such as [\"10.0.0.0/8\"] are expected, or any, or files = [\"…\"] beside it");
        }

        return builder.Build();
    }

    private static void AddFile(SettingsValue file, CidrSetBuilder builder, StringBuilder name, SettingsReading reading)
    {
        if (file.File() is not { } path)
        {
            return;
        }

        reading.AddFile(path);
        name.Append(" file=").Append(path);
        if (ListFile.TryRead(path, out var content, out var error))
        {
            Add(file, builder, () => builder.AddLines(content, path), wrong => wrong.ToString());
        }
        else
        {
            file.Wrong(error);
        }
    }

    private static void Add(SettingsValue place, CidrSetBuilder builder, Action add, Func<CidrError, string> describe)
    {
        var before = builder.Errors.Count;
        add();
        foreach (var error in builder.Errors.Skip(before))
        {
            place.Wrong(describe(error));
        }
    }

    private static string? TextOf(SettingsObject rule, string key) => rule.Optional(key, missing: null, value => value.Text());

    private static void Append(StringBuilder name, string key, string? value)
    {
        if (value is not null)
        {
            name.Append(' ').Append(key).Append('=').Append(value);
        }
    }
}
