using System.Globalization;
using System.Text;

namespace Proxy.Actors;

/// <summary>What is different between two values, for people: <c>10 → 20</c>, or the members of a record that differ, by their names.</summary>
internal static class MemberText
{
    /// <summary>Empty where the values have no short form.</summary>
    public static string Difference<T>(T old, T changed)
    {
        var (before, after) = (TextOf(old), TextOf(changed));
        if (MembersOf(before) is { } membersBefore && MembersOf(after) is { } membersAfter && membersBefore.Length == membersAfter.Length)
        {
            return string.Join(
                ", ",
                membersBefore.Zip(membersAfter).Where(pair => pair.First != pair.Second)
                    .Select(pair => $"{KebabOf(pair.First.Name)} {pair.First.Value} → {pair.Second.Value}"));
        }

        return before.Length > LongestText || after.Length > LongestText || before.Contains(" { ", StringComparison.Ordinal) ? "" : $"{before} → {after}";
    }

    private static string TextOf<T>(T value) => value switch
    {
        null => "none",
        bool isOn => isOn ? "on" : "off",
        TimeSpan time => time == TimeSpan.Zero ? "0" : time.ToString("g", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    // A record writes itself as `Name { First = 1, Second = 2 }`; one with lists or records in it has no short form.
    private static (string Name, string Value)[]? MembersOf(string text)
    {
        var brace = text.IndexOf(" { ", StringComparison.Ordinal);
        if (brace <= 0 || !text.EndsWith(" }", StringComparison.Ordinal) || text.IndexOf('{', brace + 2) >= 0)
        {
            return null;
        }

        string[][] members = [.. text[(brace + 3)..^2].Split(", ").Select(member => member.Split(" = "))];
        return Array.TrueForAll(members, member => member.Length == 2) ? [.. members.Select(member => (member[0], member[1]))] : null;
    }

    private static string KebabOf(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    private const int LongestText = 80;
}
