using System.CommandLine;
using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary>
/// Whom a frontend serves. Rules come first, in the order given. The order among the other options cannot be seen, so it is fixed: denials,
/// then those who are allowed.
/// </summary>
internal sealed class AccessOptions
{
    private readonly Option<string[]> _rule = new("--rule")
    {
        Description = $"Who is served, and when, so that one list says all: {AccessRuleText.Form}. May be repeated: the first that matches decides, before "
            + "all of the options below. Times are those of the clock in ZONE (default UTC). With any rule that allows, whom none matches is denied. "
            + "Connections that live are left alone.",
        HelpName = "RULE",
    };

    private readonly Option<string[]> _deny = new("--deny")
    {
        Description = "Clients that are refused; may be repeated. Denials are looked at before --allow, wherever they stand.",
        HelpName = "CIDR",
    };

    private readonly Option<string[]> _denyFile = new("--deny-file")
    {
        Description = "As --deny, one network a line; # begins a comment, ! in front makes an exception. May be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _allow = new("--allow")
    {
        Description = "Clients that are served; may be repeated. With any --allow everybody else is denied, and so is whom a --deny names.",
        HelpName = "CIDR",
    };

    private readonly Option<string[]> _allowFile = new("--allow-file")
    {
        Description = "As --allow, one network a line; # begins a comment, ! in front makes an exception. May be repeated.",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Add(_rule);
        command.Add(_deny);
        command.Add(_denyFile);
        command.Add(_allow);
        command.Add(_allowFile);
    }

    public AccessRules Read(ParseResult parsed)
    {
        var reader = new AccessRuleReader();
        reader.AddRules("--rule", parsed.GetValue(_rule) ?? []);
        reader.AddNetworks("--deny", AccessAction.Deny, parsed.GetValue(_deny) ?? []);
        reader.AddFiles("--deny-file", AccessAction.Deny, parsed.GetValue(_denyFile) ?? []);
        reader.AddNetworks("--allow", AccessAction.Allow, parsed.GetValue(_allow) ?? []);
        reader.AddFiles("--allow-file", AccessAction.Allow, parsed.GetValue(_allowFile) ?? []);
        return reader.Finish();
    }
}
