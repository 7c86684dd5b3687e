using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Proxy.Hocon;

/// <summary>Fields by name, in the order in which they were first written.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "Object is what the format calls it.")]
public sealed class HoconObject : HoconValue, IReadOnlyDictionary<string, HoconValue>
{
    private readonly OrderedDictionary<string, HoconValue> _fields;

    internal HoconObject(OrderedDictionary<string, HoconValue> fields, HoconOrigin origin)
        : base(origin)
    {
        _fields = fields;
        var (size, depth) = ((long)NodeSize, 0);
        foreach (var (key, value) in fields)
        {
            size += key.Length + value.Size;
            depth = Math.Max(depth, value.Depth);
        }

        (Size, Depth) = (size, depth + 1);
    }

    public override HoconKind Kind => HoconKind.Object;

    public int Count => _fields.Count;

    public IEnumerable<string> Keys => _fields.Keys;

    public IEnumerable<HoconValue> Values => _fields.Values;

    internal override long Size { get; }

    internal override int Depth { get; }

    public HoconValue this[string key] => _fields[key];

    public bool ContainsKey(string key) => _fields.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out HoconValue value) => _fields.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, HoconValue>> GetEnumerator() => _fields.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The value at a path of keys; null where there is none.</summary>
    public HoconValue? Find(HoconPath path)
    {
        ArgumentNullException.ThrowIfNull(path);
        HoconValue? value = this;
        foreach (var key in path.Keys)
        {
            value = value is HoconObject inside && inside.TryGetValue(key, out var found) ? found : null;
        }

        return value;
    }

    /// <summary>
    /// The fields whose names are numbers from 0, in their order, as a list: <c>{ "1" : b, "0" : a }</c> is <c>[a, b]</c>. Other fields are left
    /// out; null where no field has such a name.
    /// </summary>
    internal HoconList? AsList()
    {
        var items = new List<(long Index, HoconValue Value)>();
        foreach (var (key, value) in _fields)
        {
            if (IsIndex(key, out var index))
            {
                items.Add((index, value));
            }
        }

        return items.Count == 0 ? null : new HoconList(items.OrderBy(item => item.Index).Select(item => item.Value), Origin);
    }

    internal static bool IsIndex(string key, out long index) =>
        long.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out index);
}
