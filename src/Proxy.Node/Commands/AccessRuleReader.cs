using Proxy.Policy.Rules;

namespace Proxy.Node.Commands;

/// <summary>
/// Makes the list of rules out of options and files. Whatever is wrong is gathered and told at once: of a long list, one error a start would be
/// a bad joke.
/// </summary>
internal sealed class AccessRuleReader
{
    private readonly List<AccessRule> _rules = [];
    private readonly List<string> _errors = [];
    private bool _hasFileErrors;

    public void AddRules(string option, string[] texts)
    {
        foreach (var text in texts)
        {
            if (!AccessRuleText.TryParse(text, out var rule, out var errors))
            {
                _errors.AddRange(errors.Select(error => $"{option} '{text}': {error}"));
            }

            foreach (var file in rule?.Files ?? [])
            {
                AddFile(rule!.Networks!, file);
            }

            if (rule is not null)
            {
                _rules.Add(rule.Build());
            }
        }
    }

    public void AddNetworks(string option, AccessAction action, string[] networks)
    {
        if (networks.Length == 0)
        {
            return;
        }

        var builder = new CidrSetBuilder();
        foreach (var network in networks)
        {
            builder.Add(network, option, line: 1);
        }

        _errors.AddRange(builder.Errors.Select(error => $"{option}: {error.Message}"));
        _rules.Add(new AccessRule(option, action, builder.Build()));
    }

    public void AddFiles(string option, AccessAction action, string[] files)
    {
        foreach (var file in files)
        {
            var builder = new CidrSetBuilder();
            AddFile(builder, file);
            _rules.Add(new AccessRule($"{option} {file}", action, builder.Build()));
        }
    }

    /// <summary>The rules, or all errors: with one in a file it is the configuration that is wrong, without it is the usage.</summary>
    public AccessRules Finish()
    {
        if (_errors.Count == 0)
        {
            return new AccessRules(_rules);
        }

        var text = _errors is [var only] ? only : $"{_errors.Count} errors in the rules:\n{string.Join('\n', _errors.Select(error => "  " + error))}";
        throw _hasFileErrors ? new ConfigurationException(text) : new UsageException(text);
    }

    private void AddFile(CidrSetBuilder builder, string file)
    {
        var before = builder.Errors.Count;
        if (ListFile.TryRead(file, out var content, out var error))
        {
            builder.AddLines(content, file);
            _errors.AddRange(builder.Errors.Skip(before).Select(found => found.ToString()));
        }
        else
        {
            _errors.Add(error);
        }

        _hasFileErrors |= error.Length > 0 || builder.Errors.Count > before;
    }
}
