using Proxy.Policy;

namespace Proxy.Node.Settings;

/// <summary>Where streams may go.</summary>
internal static class DestinationsReader
{
    public static IReadOnlyList<DestinationRule> ReadRules(SettingsValue rules)
    {
        var read = new List<DestinationRule>();
        foreach (var item in rules.List())
        {
            if (item.Text() is not { } text)
            {
                continue;
            }

            if (DestinationRule.TryParse(text, out var rule, out var error))
            {
                read.Add(rule);
            }
            else
            {
                item.Wrong(error);
            }
        }

        return read;
    }
}
