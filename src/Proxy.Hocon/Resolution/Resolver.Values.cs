using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

internal sealed partial class Resolver
{
    // What a merged object and each of its fields take in memory, about; more than their text, so that merging cannot take many times the limit.
    private const int MergedObjectSize = 128;
    private const int MergedFieldSize = 48;

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
            HoconErrorKind.Mixed, "an object stands beside a value that is none", node.Origin, view, "text, lists and objects join only their own kind");
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

    // Objects over each other, uppermost first. Where one has substitutions inside, its fields may refer to those below, so each field is a view.
    private HoconValue? MergeLayers(List<Layer> layers, View view)
    {
        HoconValue? substituted = null;
        var keys = new OrderedDictionary<string, bool>();
        for (var index = layers.Count - 1; index >= 0; index--)
        {
            if (layers[index].Node is ObjectNode node)
            {
                AddKeys(keys, node.Fields.Keys, isOwn: true);
                continue;
            }

            var value = ValueOf(layers[index], view);
            if (ReferenceEquals(value, FailedValue))
            {
                return FailedValue;
            }

            if (value is HoconObject fields)
            {
                AddKeys(keys, fields.Keys, isOwn: false);
                substituted = substituted is HoconObject below ? Merge(fields, below, view) : fields;
            }
        }

        return substituted is HoconObject others ? MergeFields(keys, others, view, layers[^1]) : Fields(keys.Keys, view, layers[^1].Node!.Origin);
    }

    private static void AddKeys(OrderedDictionary<string, bool> keys, IEnumerable<string> more, bool isOwn)
    {
        foreach (var key in more)
        {
            keys.TryGetValue(key, out var known);
            keys[key] = known || isOwn;
        }
    }

    private HoconValue MergeFields(OrderedDictionary<string, bool> keys, HoconObject substituted, View view, Layer lowest)
    {
        var fields = new OrderedDictionary<string, HoconValue>();
        var hasFailed = ReferenceEquals(substituted, FailedValue);
        _charged += MergedObjectSize + ((long)keys.Count * MergedFieldSize);
        foreach (var (key, isOwn) in keys)
        {
            var value = isOwn ? ValueOf(view.Child(key)) : substituted[key];
            hasFailed |= ReferenceEquals(value, FailedValue);
            if (value is not null)
            {
                fields.Add(key, value);
            }
        }

        return hasFailed ? FailedValue : Bounded(new HoconObject(fields, lowest.Node?.Origin ?? substituted.Origin), view);
    }

    // Resolved objects over each other. What only one of them has is shared.
    private HoconValue Merge(HoconObject upper, HoconObject lower, View view)
    {
        if (ReferenceEquals(upper, lower) || lower.Count == 0)
        {
            return upper;
        }

        if (!Enter(view))
        {
            return FailedValue;
        }

        _charged += MergedObjectSize + ((long)(upper.Count + lower.Count) * MergedFieldSize);
        var fields = new OrderedDictionary<string, HoconValue>();
        var hasFailed = false;
        foreach (var (key, value) in lower)
        {
            fields.Add(key, value);
        }

        foreach (var (key, value) in upper)
        {
            var merged = value is HoconObject above && fields.TryGetValue(key, out var below) && below is HoconObject inside
                ? Merge(above, inside, view)
                : value;
            hasFailed |= ReferenceEquals(merged, FailedValue);
            fields[key] = merged;
        }

        _depth--;
        return hasFailed ? FailedValue : Bounded(new HoconObject(fields, lower.Origin), view);
    }

    private HoconValue? Join(ConcatNode concat, View view, int below)
    {
        var values = new List<(HoconValue Value, bool IsBlank)>(concat.Parts.Count);
        foreach (var part in concat.Parts)
        {
            if ((part.Node is ObjectNode ? ValueOf(View.Element(view, part.Node)) : ValueOf(part.Node, view, below)) is { } value)
            {
                values.Add((value, part.IsBlank));
            }
        }

        if (values.Exists(part => ReferenceEquals(part.Value, FailedValue)))
        {
            return FailedValue;
        }

        var solid = values.FindAll(part => !part.IsBlank);
        var hasList = solid.Exists(part => part.Value is HoconList);
        if (hasList || solid.Exists(part => part.Value is HoconObject))
        {
            return JoinContainers(concat, solid.ConvertAll(part => part.Value), hasList, view);
        }

        return values.Count switch
        {
            0 => null,
            1 when !values[0].IsBlank => values[0].Value,
            _ => JoinText(values.ConvertAll(part => (HoconScalar)part.Value), concat.Origin, view),
        };
    }

    private HoconValue? JoinContainers(ConcatNode concat, List<HoconValue> values, bool hasList, View view)
    {
        HoconValue? joined = null;
        foreach (var value in values)
        {
            var next = hasList && value is HoconObject numbered ? numbered.AsList() : value;
            if (next is null || (hasList ? next is not HoconList : next is not HoconObject))
            {
                Report(
                    HoconErrorKind.Mixed, $"{Describe(value)} stands beside {(hasList ? "a list" : "an object")}", concat.Origin, view,
                    $"text, lists and objects join only their own kind; it comes from {value.Origin}");
                return FailedValue;
            }

            joined = joined is null ? next : hasList ? Append((HoconList)joined, (HoconList)next) : Merge((HoconObject)next, (HoconObject)joined, view);
            if (_charged > _maximumSize)
            {
                ReportSize(view);
                return FailedValue;
            }

            if (ReferenceEquals(joined, FailedValue))
            {
                return FailedValue;
            }
        }

        return joined is null ? null : Bounded(joined, view);
    }

    private HoconList Append(HoconList first, HoconList second)
    {
        _charged += (long)(second.Count + (first.IsCopiedByAppend ? first.Count : 0)) * HoconValue.NodeSize;
        return first.Append(second);
    }

    private static string Describe(HoconValue value) => value.Kind switch
    {
        HoconKind.Object => "an object",
        HoconKind.List => "a list",
        HoconKind.Null => "null",
        _ => $"the {value.Kind.ToString().ToLowerInvariant()} '{Shorten(((HoconScalar)value).Text)}'",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    private HoconScalar JoinText(List<HoconScalar> parts, HoconOrigin origin, View view)
    {
        var length = parts.Sum(part => (long)part.Text.Length);
        _charged += length;
        if (_charged > _maximumSize)
        {
            ReportSize(view);
            return FailedValue;
        }

        var text = string.Create((int)length, parts, static (rest, parts) =>
        {
            foreach (var part in parts)
            {
                part.Text.CopyTo(rest);
                rest = rest[part.Text.Length..];
            }
        });
        return HoconScalar.String(text, origin);
    }
}
