namespace Proxy.Hocon.Tree;

/// <summary>
/// A value as it was parsed, before substitutions. Nodes belong to one load and one place in its tree; they change only while it is parsed.
/// </summary>
internal abstract class Node(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>Whether nothing that was defined before can be seen through this value.</summary>
    public abstract bool HidesBelow { get; }

    /// <summary>Whether a substitution stands anywhere in it. Known after <see cref="Prepare"/>.</summary>
    public abstract bool HasReferences { get; }

    /// <summary>
    /// Once, when all is parsed: finds out what has to be resolved, and makes the values of what has not. It recurses as deep as texts nest, which
    /// is bounded; so nothing later has to.
    /// </summary>
    public virtual void Prepare()
    {
    }
}

/// <summary>A scalar, or a list without substitutions.</summary>
internal sealed class ValueNode(HoconValue value) : Node(value.Origin)
{
    public HoconValue Value { get; } = value;

    public override bool HidesBelow => true;

    public override bool HasReferences => false;
}

/// <summary>A list with a substitution in it, or with an object.</summary>
internal sealed class ListNode(List<Node> items, HoconOrigin origin) : Node(origin)
{
    private bool _hasReferences;

    public List<Node> Items { get; } = items;

    public override bool HidesBelow => true;

    public override bool HasReferences => _hasReferences;

    public override void Prepare()
    {
        foreach (var item in Items)
        {
            item.Prepare();
            _hasReferences |= item.HasReferences;
        }
    }
}

/// <summary>
/// A substitution. <see cref="Path"/> is absolute; its first <see cref="PrefixLength"/> keys are the place at which its file was included, and
/// are left out when nothing is found with them.
/// </summary>
internal sealed class ReferenceNode(HoconPath path, int prefixLength, bool isOptional, int id, HoconOrigin origin) : Node(origin)
{
    public HoconPath Path { get; } = path;

    public int PrefixLength { get; } = prefixLength;

    public bool IsOptional { get; } = isOptional;

    /// <summary>Its number within the load, from 0.</summary>
    public int Id { get; } = id;

    public override bool HidesBelow => false;

    public override bool HasReferences => true;

    /// <summary>The substitution as it was written.</summary>
    public string Written => $"${{{(IsOptional ? "?" : "")}{Path.From(PrefixLength)}}}";
}

/// <summary>Values side by side, of which at least one is a substitution (or an object that joins a list by its numbers).</summary>
internal sealed class ConcatNode(List<ConcatPart> parts, HoconOrigin origin) : Node(origin)
{
    public List<ConcatPart> Parts { get; } = parts;

    public bool HasText { get; } = parts.Exists(part => part is { IsBlank: false, Node: ValueNode { Value: HoconScalar } });

    public bool HasList { get; } = parts.Exists(part => part.Node is ListNode or ValueNode { Value: HoconList });

    /// <summary>Whether it is certain before anything is resolved that this can only be an object; then it is a stack of its parts.</summary>
    public bool IsObject { get; } = parts.Exists(part => part.Node is ObjectNode)
        && parts.TrueForAll(part => part.IsBlank || part.Node is ReferenceNode or ObjectNode { HasIndexKeys: false });

    public override bool HidesBelow => false;

    public override bool HasReferences => true;

    public override void Prepare()
    {
        foreach (var part in Parts)
        {
            part.Node.Prepare();
        }
    }
}

/// <summary>One part of a concatenation; <paramref name="IsBlank"/>: white space between two others, which counts only in strings.</summary>
internal readonly record struct ConcatPart(Node Node, bool IsBlank);

/// <summary>Definitions of one field that cannot be merged before substitutions are resolved; the last one is the uppermost.</summary>
internal sealed class StackNode(List<Node> layers) : Node(layers[^1].Origin)
{
    public List<Node> Layers { get; } = layers;

    public override bool HidesBelow => Layers[0].HidesBelow;

    public override bool HasReferences => true;

    public override void Prepare()
    {
        foreach (var layer in Layers)
        {
            layer.Prepare();
        }
    }
}
