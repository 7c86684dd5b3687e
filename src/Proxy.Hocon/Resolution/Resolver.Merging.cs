using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

internal sealed partial class Resolver
{
    // What a merged object and each of its fields take in memory, about; more than their text, so that merging cannot take many times the limit.
    private const int MergedObjectSize = 128;
    private const int MergedFieldSize = 48;

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
}
