using System.Collections;

namespace Proxy.Hocon;

/// <summary>A list of values.</summary>
public sealed class HoconList : HoconValue, IReadOnlyList<HoconValue>
{
    private readonly Store _store;

    internal HoconList(IEnumerable<HoconValue> items, HoconOrigin origin)
        : base(origin)
    {
        _store = new Store();
        var (size, depth) = ((long)NodeSize, 0);
        foreach (var item in items)
        {
            _store.Items.Add(item);
            size += item.Size;
            depth = Math.Max(depth, item.Depth);
        }

        (Count, Size, Depth) = (_store.Items.Count, size, depth + 1);
    }

    private HoconList(Store store, long size, int depth, HoconOrigin origin)
        : base(origin)
    {
        _store = store;
        (Count, Size, Depth) = (store.Items.Count, size, depth);
    }

    public override HoconKind Kind => HoconKind.List;

    public int Count { get; }

    internal override long Size { get; }

    internal override int Depth { get; }

    public HoconValue this[int index] =>
        (uint)index < (uint)Count ? _store.Items[index] : throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<HoconValue> GetEnumerator()
    {
        for (var index = 0; index < Count; index++)
        {
            yield return _store.Items[index];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Whether <see cref="Append"/> has to copy this list. It need not where nothing was appended to it yet: both lists then share one store, of
    /// which each sees its own length. That keeps a thousand <c>+=</c> linear.
    /// </summary>
    internal bool IsCopiedByAppend => _store.Items.Count != Count;

    /// <summary>This list with others behind it. Only the resolver, on one thread, before anybody else sees either list.</summary>
    internal HoconList Append(HoconList more)
    {
        var store = _store;
        if (IsCopiedByAppend || ReferenceEquals(store, more._store))
        {
            store = new Store();
            store.Items.AddRange(this);
        }

        store.Items.AddRange(more);
        return new HoconList(store, Size + more.Size - NodeSize, Math.Max(Depth, more.Depth), Origin);
    }

    private sealed class Store
    {
        public List<HoconValue> Items { get; } = [];
    }
}
