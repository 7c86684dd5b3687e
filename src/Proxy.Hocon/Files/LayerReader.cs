using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Files;

/// <summary>Reads the layers of a configuration over each other, the lowest first.</summary>
internal sealed class LayerReader(Loader loader, HoconLayers layers, IReadOnlyDictionary<string, string>? environment)
{
    private const string Joint = "__";

    private readonly HoconPath _scope = layers.Scope.Length == 0 ? HoconPath.Root : HoconPath.Parse(layers.Scope);

    public void ReadInto(ObjectNode root)
    {
        if (layers.Reference is { } reference)
        {
            RefuseList(loader.ReadText(reference, new HoconSourceName(layers.ReferenceName, HoconOriginKind.File), root));
        }

        foreach (var file in layers.Files)
        {
            RefuseList(loader.ReadFile(file, root));
        }

        if (layers.IncludesEnvironment && environment is not null)
        {
            ReadEnvironment(root, environment);
        }

        foreach (var setting in layers.Overrides)
        {
            ReadOverride(root, setting);
        }
    }

    private void RefuseList(Node? list)
    {
        if (list is not null)
        {
            loader.Errors.Add(HoconErrorKind.Syntax, "the root is a list", list.Origin, "", "a configuration is an object");
        }
    }

    private void ReadEnvironment(ObjectNode root, IReadOnlyDictionary<string, string> variables)
    {
        var prefix = string.Join(Joint, _scope.Keys).ToUpperInvariant().Replace('-', '_') + Joint;
        foreach (var name in variables.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var source = new HoconSourceName(name, HoconOriginKind.Environment);
            var keys = name[prefix.Length..].Split(Joint);
            if (Array.Exists(keys, key => key.Length == 0))
            {
                Refuse(source, "the name has an empty part", $"join the keys by {Joint}, as {prefix}node{Joint}name");
                continue;
            }

            Define(root, new HoconPath(keys.Select(key => key.Replace('_', '-'))), variables[name], source);
        }
    }

    private void ReadOverride(ObjectNode root, string setting)
    {
        var equals = setting.IndexOf('=', StringComparison.Ordinal);
        var source = new HoconSourceName(setting, HoconOriginKind.Override);
        if (equals < 0)
        {
            Refuse(source, "'path=value' is expected", "as frontends.web.timeouts.idle=1h");
        }
        else if (!HoconPath.TryParse(setting[..equals], out var path, out var error))
        {
            Refuse(source, error, "as frontends.web.timeouts.idle=1h");
        }
        else
        {
            Define(root, path, setting[(equals + 1)..], source);
        }
    }

    private void Define(ObjectNode root, HoconPath path, string text, HoconSourceName source)
    {
        var full = _scope.Append(path);
        if (full.Length > HoconLimits.Nesting)
        {
            Refuse(source, $"the path has more than {HoconLimits.Nesting} keys", "nest less");
        }
        else if (ValueOf(text, source, full) is { } value)
        {
            root.Define(full, value);
        }
    }

    // Addresses, patterns and names of files are full of characters that HOCON would want quoted. So only what starts as a value that has to be
    // parsed is; all else is the text itself.
    private Node? ValueOf(string text, HoconSourceName source, HoconPath path)
    {
        var trimmed = text.Trim();
        if (trimmed.StartsWith('{') || trimmed.StartsWith('[') || trimmed.StartsWith('"') || trimmed.StartsWith("${", StringComparison.Ordinal))
        {
            return loader.ReadValue(text, source, path);
        }

        var kind = trimmed switch
        {
            "null" => HoconKind.Null,
            "true" or "false" => HoconKind.Boolean,
            _ => Syntax.NumberText.IsNumber(trimmed) ? HoconKind.Number : HoconKind.String,
        };
        loader.CountInput(text);
        return new ValueNode(new HoconScalar(kind, kind == HoconKind.String ? text : trimmed, new HoconOrigin(source, 0, 0)));
    }

    private void Refuse(HoconSourceName source, string message, string hint) =>
        loader.Errors.Add(HoconErrorKind.Syntax, message, new HoconOrigin(source, 0, 0), "", hint);
}
