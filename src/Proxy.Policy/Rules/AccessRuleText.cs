using System.Diagnostics.CodeAnalysis;

namespace Proxy.Policy.Rules;

/// <summary>
/// Reads a rule as the command line writes it: <c>allow</c> or <c>deny</c>, then <c>any</c> or networks (<c>!</c> in front of one makes it an
/// exception) and files of them, then when it holds: <c>deny 192.0.2.0/24 file=/etc/blocked days=mon-fri,sun hours=08:00-18:00
/// from=2026-01-01 to=2026-12-31 zone=Europe/Paris</c>. Files are named, not read: reading is the caller's.
/// </summary>
public static class AccessRuleText
{
    public const string Form = "allow|deny any|CIDR… [file=FILE] [days=mon-fri] [hours=08:00-18:00] [from=DATE] [to=DATE] [zone=ZONE]";

    // Anything longer is a list, which belongs into a file.
    private const int MaximumLength = 8192;

    private static readonly string[] TimeKeys = ["days", "hours", "from", "to", "zone"];

    /// <summary>
    /// Reads all parts and reports every error at once. False: <paramref name="rule"/> is what could be read, so that its files can be looked at
    /// as well; null where it is no rule at all.
    /// </summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ParsedAccessRule? rule, out IReadOnlyList<string> errors)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        var words = text.Length > MaximumLength ? [] : text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || ActionOf(words[0]) is not { } action)
        {
            errors = [text.Length > MaximumLength ? $"a rule has more than {MaximumLength} characters; put its networks into a file" : $"{Form} is expected"];
            return false;
        }

        var found = new List<string>();
        var (networks, files, times) = (new List<string>(), new List<string>(), new Dictionary<string, string>());
        foreach (var word in words.AsSpan(1))
        {
            Sort(word, networks, files, times, found);
        }

        var builder = NetworksOf(networks, files, found);
        var schedule = ScheduleOf(times, found);
        errors = found;
        rule = new ParsedAccessRule(string.Join(' ', words), action, builder, files, schedule);
        return found.Count == 0;
    }

    private static AccessAction? ActionOf(string word) => word switch
    {
        "allow" => AccessAction.Allow,
        "deny" => AccessAction.Deny,
        _ => null,
    };

    private static void Sort(string word, List<string> networks, List<string> files, Dictionary<string, string> times, List<string> errors)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        var (key, value) = equals < 0 ? ("", word) : (word[..equals], word[(equals + 1)..]);
        if (equals < 0)
        {
            networks.Add(value);
        }
        else if (key == "file" && value.Length > 0)
        {
            files.Add(value);
        }
        else if (!TimeKeys.Contains(key) || value.Length == 0)
        {
            errors.Add($"'{word}' is none of file=, {string.Join(", ", TimeKeys.Select(known => known + "="))}");
        }
        else if (!times.TryAdd(key, value))
        {
            errors.Add($"'{word}': {key}= stands twice");
        }
    }

    // Null: any.
    private static CidrSetBuilder? NetworksOf(List<string> networks, List<string> files, List<string> errors)
    {
        if (networks is ["any"] && files.Count == 0)
        {
            return null;
        }

        if (networks.Contains("any"))
        {
            errors.Add("'any' stands beside networks or files; it has to stand alone");
        }
        else if (networks.Count == 0 && files.Count == 0)
        {
            errors.Add("it says not whom it is for: any, networks such as 10.0.0.0/8, or file=FILE");
        }

        var builder = new CidrSetBuilder();
        foreach (var network in networks.Where(network => network != "any"))
        {
            builder.Add(network, "the rule", line: 1);
        }

        errors.AddRange(builder.Errors.Select(error => error.Message));
        return builder;
    }

    private static Schedule? ScheduleOf(Dictionary<string, string> times, List<string> errors)
    {
        if (times.Count == 0)
        {
            return null;
        }

        if (times.Count == 1 && times.ContainsKey("zone"))
        {
            errors.Add("zone= says nothing without days=, hours=, from= or to=");
        }

        var days = times.TryGetValue("days", out var text) ? text.Split(',') : [];
        var isRead = ScheduleText.TryParse(
            days,
            times.GetValueOrDefault("hours"),
            times.GetValueOrDefault("from"),
            times.GetValueOrDefault("to"),
            times.GetValueOrDefault("zone"),
            out var schedule,
            out var found);
        errors.AddRange(found);
        return isRead ? schedule : null;
    }
}

/// <summary>
/// A rule whose files are not read yet: their content goes into <paramref name="Networks"/> (null: any client), whose errors then are the
/// files'. <paramref name="Name"/> is the rule as it was written.
/// </summary>
public sealed record ParsedAccessRule(
    string Name, AccessAction Action, CidrSetBuilder? Networks, IReadOnlyList<string> Files, Schedule? Schedule)
{
    public AccessRule Build() => new(Name, Action, Networks?.Build(), Schedule);
}
