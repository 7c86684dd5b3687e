using Proxy.Policy;
using Proxy.Policy.Routes;
using Proxy.Policy.Rules;

namespace Proxy.Node.Settings;

/// <summary>Tables that say which way connections go.</summary>
internal static class RouteTableReader
{
    private const string Direct = "direct";
    private const string Block = "block";

    /// <summary>Null: it has no default, which is reported.</summary>
    public static RouteTable? Read(SettingsObject table)
    {
        var rules = table.Find("rules") is { } list
            ? list.List().Select((item, index) => ReadRule(item.AsObject(), index)).OfType<RouteRule>().ToArray()
            : [];
        if (table.Find("default")?.Text() is { } fallback)
        {
            var direct = table.Inside("direct");
            return new RouteTable(rules, ActionOf(fallback)) { Direct = ReadDirect(direct) };
        }

        table.Wrong("a table has to say what becomes of those whom no rule matches", "default = direct, default = block, or the name of a set of chains");
        return null;
    }

    private static DestinationRules ReadDirect(SettingsObject direct)
    {
        var (allow, deny) = (direct.Find("allow"), direct.Find("deny"));
        if (allow is null && deny is null)
        {
            return DestinationRules.Ordinary;
        }

        return new DestinationRules(
            allow is { } allowed ? DestinationsReader.ReadRules(allowed) : DestinationRules.Ordinary.Allowed,
            deny is { } denied ? DestinationsReader.ReadRules(denied) : []);
    }

    private static RouteRule? ReadRule(SettingsObject rule, int index)
    {
        var name = rule.Text("name", $"rule-{index + 1}");
        var names = ReadAll(rule, "names", static text => NamePattern.TryParse(text, out var pattern, out var error) ? (pattern, "") : (null, error));
        var ports = ReadAll(rule, "ports", static text => PortRange.TryParse(text, out var range, out var error) ? (new Ports(range), "") : (null, error));
        var networks = ReadNetworks(rule, "networks");
        var sources = ReadNetworks(rule, "sources");
        var to = rule.Find("to")?.Text();
        if (rule.IsThere && to is null)
        {
            rule.Wrong("a rule that says nothing", "to = direct, to = block, or the name of a set of chains");
        }

        return to is null ? null : new RouteRule(name, ActionOf(to))
        {
            Names = names,
            Networks = networks,
            Ports = ports is null ? null : [.. ports.Select(port => port.Range)],
            Sources = sources,
        };
    }

    private static RouteAction ActionOf(string to) => to switch
    {
        Direct => RouteAction.Direct,
        Block => RouteAction.Block,
        "" => RouteAction.Block,
        _ => RouteAction.Through(to),
    };

    private static List<T>? ReadAll<T>(SettingsObject rule, string key, Func<string, (T? Value, string Error)> read)
        where T : class
    {
        if (rule.Find(key) is not { } list)
        {
            return null;
        }

        var all = new List<T>();
        foreach (var item in list.List())
        {
            if (item.Text() is { } text)
            {
                var (value, error) = read(text);
                if (value is null)
                {
                    item.Wrong(error);
                }
                else
                {
                    all.Add(value);
                }
            }
        }

        return all;
    }

    private static CidrSet? ReadNetworks(SettingsObject rule, string key)
    {
        if (rule.Find(key) is not { } list)
        {
            return null;
        }

        var builder = new CidrSetBuilder();
        foreach (var item in list.List())
        {
            if (item.Text() is { } text)
            {
                if (Cidr.TryParse(text, out _, out var error))
                {
                    builder.Add(text, key, line: 1);
                }
                else
                {
                    item.Wrong(error);
                }
            }
        }

        return builder.Build();
    }

    private sealed record Ports(PortRange Range);
}
