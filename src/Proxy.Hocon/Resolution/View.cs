using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

/// <summary>
/// Everything that is defined at one path, uppermost first, as a list of layers that is found out only as far as it is asked for: so a value can be
/// read without resolving its neighbours, or what it hides. A layer that is no object cuts off all below it.
/// </summary>
internal sealed class View
{
    private readonly Resolver _resolver;
    private readonly View? _parent;
    private readonly string _key = "";

    // A view of another one from some layer on.
    private readonly View? _whole;
    private readonly int _offset;

    private readonly List<Layer> _layers = [];
    private Dictionary<string, View>? _children;
    private Dictionary<int, View>? _lowerViews;
    private int _nextParentLayer;
    private bool _isComplete;

    private View(Resolver resolver, View? parent, string key, bool isDetached, int depth)
    {
        (_resolver, _parent, _key, IsDetached, Depth) = (resolver, parent, key, isDetached, depth);
        resolver.ChargeWork(Resolver.ViewWork);
    }

    private View(View whole, int offset)
        : this(whole._resolver, whole._parent, whole._key, whole.IsDetached, whole.Depth) => (_whole, _offset) = (whole, offset);

    /// <summary>Where the uppermost definition was written, or one above it.</summary>
    public HoconOrigin Origin
    {
        get
        {
            for (var view = this; view is not null; view = view._parent)
            {
                if (view._layers.Find(layer => layer.Node is not null) is { Node: { } node })
                {
                    return node.Origin;
                }
            }

            return HoconOrigin.Unknown;
        }
    }

    /// <summary>Whether this stands in a list, where no path leads to.</summary>
    public bool IsDetached { get; }

    /// <summary>How many keys lead here.</summary>
    public int Depth { get; }

    public HoconValue? Value { get; set; }

    public bool HasValue { get; set; }

    public static View Root(Resolver resolver, Node node)
    {
        var root = new View(resolver, null, "", isDetached: false, depth: 0) { _isComplete = true };
        root.Add(node);
        return root;
    }

    /// <summary>An element of a list that stands at <paramref name="parent"/>.</summary>
    public static View Element(View parent, Node node)
    {
        var element = new View(parent._resolver, parent, "[]", isDetached: true, parent.Depth) { _isComplete = true };
        element.Add(node);
        return element;
    }

    /// <summary>The layer of that number; false: there are not so many.</summary>
    public bool TryGetLayer(int index, out Layer layer)
    {
        while (_layers.Count <= index && !_isComplete)
        {
            Advance();
        }

        layer = index < _layers.Count ? _layers[index] : default;
        return index < _layers.Count;
    }

    /// <summary>What is defined at a key inside.</summary>
    public View Child(string key)
    {
        _children ??= [];
        if (!_children.TryGetValue(key, out var child))
        {
            child = new View(_resolver, this, key, IsDetached, Depth + 1);
            _children.Add(key, child);
        }

        return child;
    }

    /// <summary>This view without the layers before that number: what a self-reference sees.</summary>
    public View From(int layer)
    {
        _lowerViews ??= [];
        if (!_lowerViews.TryGetValue(layer, out var lower))
        {
            lower = _whole is null ? new View(this, layer) : _whole.From(_offset + layer);
            _lowerViews.Add(layer, lower);
        }

        return lower;
    }

    /// <summary>
    /// This view without the substitutions in its stack that would lead back to an object around <paramref name="home"/>, where the question comes
    /// from; null: it has none, or nothing else. So <c>defaults.a = ${item.b}</c> sees past <c>item = ${defaults}</c> what <c>item</c> was before.
    /// </summary>
    public View? WithoutWayBackTo(View home)
    {
        if (_parent is null || !_parent.TryGetLayer(0, out var above) || above.Node is not ObjectNode inside
            || !inside.Fields.TryGetValue(_key, out var field) || field is not StackNode stack)
        {
            return null;
        }

        _resolver.ChargeWork(stack.Layers.Count * Resolver.StepWork);
        var others = stack.Layers.FindAll(layer => layer is not ReferenceNode reference || !home.IsAtOrInside(reference.Path));
        if (others.Count == stack.Layers.Count || others.Count == 0)
        {
            return null;
        }

        var view = new View(_resolver, _parent, _key, IsDetached, Depth) { _isComplete = true };
        for (var index = others.Count - 1; index >= 0; index--)
        {
            view.Add(others[index]);
        }

        return view;
    }

    /// <summary>Whether <paramref name="path"/> leads here or to something inside.</summary>
    public bool IsPrefixOf(HoconPath path)
    {
        if (IsDetached || path.Length < Depth)
        {
            return false;
        }

        var view = this;
        for (var index = Depth - 1; index >= 0; index--, view = view._parent!)
        {
            if (path[index] != view._key)
            {
                return false;
            }
        }

        return true;
    }

    public override string ToString()
    {
        var keys = new List<string>();
        for (var view = this; view._parent is not null; view = view._parent)
        {
            if (view._key != "[]" || view.Depth != view._parent.Depth)
            {
                keys.Add(view._key);
            }
        }

        keys.Reverse();
        return new HoconPath(keys).ToString();
    }

    private bool IsAtOrInside(HoconPath path)
    {
        var view = this;
        while (view is not null && view.Depth > path.Length)
        {
            view = view._parent;
        }

        return view is not null && view.Depth == path.Length && view.IsPrefixOf(path);
    }

    // One layer more, or complete. What is asked on the way may come back here and advance this view itself; then nothing is left to do.
    private void Advance()
    {
        var (known, parentLayer) = (_layers.Count, _nextParentLayer);
        if (_whole is not null)
        {
            if (_whole.TryGetLayer(_offset + known, out var lower))
            {
                Add(lower with { Below = lower.Below - _offset });
            }
            else
            {
                _isComplete = true;
            }

            return;
        }

        _resolver.ChargeWork(Resolver.StepWork);
        if (_parent is null || !_resolver.HasRoom(this) || !_parent.TryGetLayer(parentLayer, out var above))
        {
            _isComplete = true;
            return;
        }

        if (above.Node is ObjectNode inside)
        {
            _nextParentLayer++;
            if (inside.Fields.TryGetValue(_key, out var field))
            {
                Add(field);
            }

            _isComplete |= inside.HidesBelow;
            return;
        }

        var shape = _resolver.ShapeOf(above, _parent);
        if (_layers.Count != known || _nextParentLayer != parentLayer || _isComplete)
        {
            return;
        }

        _nextParentLayer++;
        if (shape == Shape.Object)
        {
            if (!_resolver.IsOwnBelow(above, parentLayer, _parent))
            {
                AddDerived(above);
            }
        }
        else if (shape != Shape.Undefined)
        {
            _isComplete = true;
        }
    }

    private void AddDerived(Layer above)
    {
        foreach (var target in _resolver.TargetsOf(above, _parent!))
        {
            Add(new Layer(null, target.Child(_key), _layers.Count + 1, MustBeObject: false));
        }
    }

    private void Add(Node node)
    {
        if (node is not StackNode stack)
        {
            AddSingle(node);
            return;
        }

        for (var index = stack.Layers.Count - 1; index >= 0; index--)
        {
            AddSingle(stack.Layers[index]);
        }
    }

    private void AddSingle(Node node)
    {
        if (node is not ConcatNode { IsObject: true } concat)
        {
            Add(new Layer(node, null, _layers.Count + 1, MustBeObject: false));
            return;
        }

        // All parts see what was defined before the whole of it.
        var parts = concat.Parts.FindAll(part => !part.IsBlank);
        var below = _layers.Count + parts.Count;
        for (var index = parts.Count - 1; index >= 0; index--)
        {
            Add(new Layer(parts[index].Node, null, below, MustBeObject: true));
        }
    }

    private void Add(Layer layer)
    {
        _resolver.ChargeWork(Resolver.LayerWork);
        _layers.Add(layer);
    }
}
