namespace Proxy.Hocon.Tree;

/// <summary>An object as it was parsed: for each key what all definitions so far came to.</summary>
internal sealed class ObjectNode(HoconOrigin origin) : Node(origin)
{
    private bool _hasReferences;
    private bool _isFinal;
    private HoconObject? _value;

    public OrderedDictionary<string, Node> Fields { get; } = [];

    /// <summary>True where this object replaced a value that was none: what stood before that one stays hidden when it is merged further.</summary>
    public override bool HidesBelow => _isFinal;

    public override bool HasReferences => _hasReferences;

    /// <summary>Whether a key is a whole number, so that the object could join a list.</summary>
    public bool HasIndexKeys => Fields.Keys.Any(key => HoconObject.IsIndex(key, out _));

    /// <summary>Defines a field over what it was before.</summary>
    public void Define(HoconPath path, Node value)
    {
        var inside = this;
        for (var index = 0; index < path.Length - 1; index++)
        {
            inside = inside.ObjectAt(path[index], value.Origin);
        }

        inside.Define(path[^1], value);
    }

    /// <summary>This object's value, of which nothing has to be resolved.</summary>
    public HoconObject ToValue() => _value ??= MakeValue();

    public override void Prepare()
    {
        foreach (var field in Fields.Values)
        {
            field.Prepare();
            _hasReferences |= field.HasReferences;
        }

        if (!_hasReferences)
        {
            ToValue();
        }
    }

    /// <summary>Puts <paramref name="upper"/> over <paramref name="lower"/>, which may be changed by it and is not used any more.</summary>
    public static Node Merge(Node? lower, Node upper)
    {
        if (lower is null || upper.HidesBelow)
        {
            return upper;
        }

        switch (upper)
        {
            case ObjectNode fields:
                return MergeObject(lower, fields);
            case StackNode stack:
                foreach (var layer in stack.Layers)
                {
                    lower = Merge(lower, layer);
                }

                return lower;
            default:
                return Push(lower, upper);
        }
    }

    private static Node MergeObject(Node lower, ObjectNode upper)
    {
        switch (lower)
        {
            case ObjectNode below:
                below.MergeFields(upper);
                return below;
            case StackNode { Layers: [.., ObjectNode top] } stack:
                top.MergeFields(upper);
                return stack;
            case ValueNode or ListNode:
                upper._isFinal = true;
                return upper;
            default:
                return Push(lower, upper);
        }
    }

    private static StackNode Push(Node lower, Node upper)
    {
        if (lower is not StackNode stack)
        {
            return new StackNode([lower, upper]);
        }

        stack.Layers.Add(upper);
        return stack;
    }

    private void MergeFields(ObjectNode upper)
    {
        foreach (var (key, value) in upper.Fields)
        {
            Define(key, value);
        }
    }

    private void Define(string key, Node value)
    {
        Fields.TryGetValue(key, out var lower);
        Fields[key] = Merge(lower, value);
    }

    // The object that stands uppermost at a key; made where there is none.
    private ObjectNode ObjectAt(string key, HoconOrigin origin)
    {
        Fields.TryGetValue(key, out var lower);
        switch (lower)
        {
            case ObjectNode below:
                return below;
            case StackNode { Layers: [.., ObjectNode top] }:
                return top;
            default:
                var made = new ObjectNode(origin);
                Fields[key] = Merge(lower, made);
                return made;
        }
    }

    private HoconObject MakeValue()
    {
        var fields = new OrderedDictionary<string, HoconValue>(Fields.Count);
        foreach (var (key, node) in Fields)
        {
            fields.Add(key, ValueOf(node));
        }

        return new HoconObject(fields, Origin);
    }

    private static HoconValue ValueOf(Node node) => node switch
    {
        ValueNode value => value.Value,
        ObjectNode fields => fields.ToValue(),
        ListNode list => new HoconList(list.Items.Select(ValueOf), list.Origin),
        _ => throw new InvalidOperationException($"{node.GetType().Name} has to be resolved."),
    };
}
