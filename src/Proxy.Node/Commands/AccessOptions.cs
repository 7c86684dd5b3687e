using System.CommandLine;
using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary>Whom a frontend serves. The order between the two options cannot be seen, so it is fixed: denials come first.</summary>
internal sealed class AccessOptions
{
    private readonly Option<string[]> _allow = new("--allow")
    {
        Description = "Clients that are served; may be repeated. With any --allow everybody else is denied, and so is whom a --deny names.",
        HelpName = "CIDR",
    };

    private readonly Option<string[]> _deny = new("--deny")
    {
        Description = "Clients that are refused; may be repeated. Denials are looked at first, wherever they stand.",
        HelpName = "CIDR",
    };

    public void AddTo(Command command)
    {
        command.Add(_allow);
        command.Add(_deny);
    }

    public AccessRules Read(ParseResult parsed) => new([
        .. RulesOf(parsed.GetValue(_deny) ?? [], "--deny", AccessAction.Deny),
        .. RulesOf(parsed.GetValue(_allow) ?? [], "--allow", AccessAction.Allow),
    ]);

    private static IEnumerable<AccessRule> RulesOf(string[] networks, string option, AccessAction action)
    {
        var builder = new CidrSetBuilder();
        foreach (var network in networks)
        {
            builder.Add(network, option, line: 1);
        }

        return builder.Errors switch
        {
            [var error, ..] => throw new UsageException($"{option}: {error.Message}"),
            _ => networks.Length == 0 ? [] : [new AccessRule(option, action, builder.Build())],
        };
    }
}
