using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

internal sealed partial class Resolver
{
    // Null: undefined. Remembered by view.
    private HoconValue? ValueOf(View view)
    {
        if (view.HasValue)
        {
            return view.Value;
        }

        ResolveOwnChain(view);
        if (!Enter(view))
        {
            return FailedValue;
        }

        var value = FindValue(view);
        _depth--;
        (view.Value, view.HasValue) = (value, true);
        return value;
    }

    // a += 1, a += 2, … is a chain of self-references as long as the text; it is resolved from its lower end, without recursion.
    private void ResolveOwnChain(View view)
    {
        var (layer, lower) = (default(Layer), view);
        var chain = new List<View>();
        while (lower.TryGetLayer(0, out layer) && !lower.HasValue && layer.Node is ConcatNode { IsObject: false } concat
            && (concat.HasText || concat.HasList) && concat.Parts.Exists(part => part.Node is ReferenceNode own && IsExactly(view, own)))
        {
            chain.Add(lower);
            lower = lower.From(layer.Below);
        }

        for (var index = chain.Count - 1; index > 0; index--)
        {
            if (!Enter(view))
            {
                return;
            }

            (chain[index].Value, chain[index].HasValue) = (FindValue(chain[index]), true);
            _depth--;
        }
    }

    private static bool IsExactly(View view, ReferenceNode reference) => view.Depth == reference.Path.Length && view.IsPrefixOf(reference.Path);

    private HoconValue? FindValue(View view)
    {
        var objects = new List<Layer>();
        for (var index = 0; view.TryGetLayer(index, out var layer); index++)
        {
            ChargeWork(StepWork);
            var shape = ShapeOf(layer, view);
            if (shape == Shape.Failed)
            {
                return FailedValue;
            }

            if (shape == Shape.Object)
            {
                if (!IsOwnBelow(layer, index, view))
                {
                    objects.Add(layer);
                }

                if (layer.Node is ObjectNode { HidesBelow: true })
                {
                    break;
                }
            }
            else if (shape != Shape.Undefined)
            {
                if (layer.MustBeObject)
                {
                    return ReportMixed(layer.Node!, view);
                }

                if (objects.Count == 0)
                {
                    return ValueOf(layer, view);
                }

                break;
            }
        }

        return objects.Count switch
        {
            0 => null,
            1 => ValueOf(objects[0], view),
            _ => MergeLayers(objects, view),
        };
    }

    private HoconScalar ReportMixed(Node node, View view)
    {
        Report(
            HoconErrorKind.Mixed, "an object stands beside a value that is none", node.Origin, view,
            "text, lists and objects join only their own kind");
        return FailedValue;
    }

    private HoconValue? ValueOf(Layer layer, View view) => layer switch
    {
        { Derived: { } derived } => ValueOf(derived),
        _ => ValueOf(layer.Node!, view, layer.Below),
    };

    private HoconValue? ValueOf(Node node, View view, int below)
    {
        switch (node)
        {
            case ValueNode value:
                return value.Value;
            case ReferenceNode reference:
                return ValueOf(reference, view, below);
            case ConcatNode concat:
                return Join(concat, view, below);
            case ObjectNode { HasReferences: false } plain:
                return plain.ToValue();
            case ObjectNode fields:
                return Fields(fields, view);
            default:
                return Items((ListNode)node, view);
        }
    }

    // One object alone. A view is needed only where something has to be resolved.
    private HoconValue Fields(ObjectNode node, View view)
    {
        var fields = new OrderedDictionary<string, HoconValue>(node.Fields.Count);
        var hasFailed = false;
        foreach (var (key, field) in node.Fields)
        {
            var value = field is ValueNode plain ? plain.Value
                : field is ObjectNode { HasReferences: false } inside && !view.TryGetLayer(1, out _) ? inside.ToValue()
                : ValueOf(view.Child(key));
            hasFailed |= ReferenceEquals(value, FailedValue);
            if (value is not null)
            {
                fields.Add(key, value);
            }
        }

        return hasFailed ? FailedValue : Bounded(new HoconObject(fields, node.Origin), view);
    }

    private HoconValue Fields(IEnumerable<string> keys, View view, HoconOrigin origin)
    {
        var fields = new OrderedDictionary<string, HoconValue>();
        var hasFailed = false;
        foreach (var key in keys)
        {
            var value = ValueOf(view.Child(key));
            hasFailed |= ReferenceEquals(value, FailedValue);
            if (value is not null)
            {
                fields.Add(key, value);
            }
        }

        return hasFailed ? FailedValue : Bounded(new HoconObject(fields, origin), view);
    }

    private HoconValue Items(ListNode list, View view)
    {
        var items = new List<HoconValue>(list.Items.Count);
        var hasFailed = false;
        foreach (var node in list.Items)
        {
            // A view is needed only where layers may lie over each other.
            var value = node is ValueNode plain ? plain.Value
                : node is ObjectNode { HasReferences: false } fields ? fields.ToValue()
                : ValueOf(View.Element(view, node));
            hasFailed |= ReferenceEquals(value, FailedValue);
            if (value is not null)
            {
                items.Add(value);
            }
        }

        return hasFailed ? FailedValue : Bounded(new HoconList(items, list.Origin), view);
    }

    private HoconValue Bounded(HoconValue value, View view)
    {
        if (value.Size > _maximumSize)
        {
            ReportSize(view);
            return FailedValue;
        }

        if (value.Depth > HoconLimits.ResolutionDepth)
        {
            Report(HoconErrorKind.Limit, "objects and lists are too deep inside each other here", value.Origin, view, "nest less");
            return FailedValue;
        }

        return value;
    }
}
