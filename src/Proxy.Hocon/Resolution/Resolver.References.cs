using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

internal sealed partial class Resolver
{
    private ReferenceState StateOf(ReferenceNode reference) => _references[reference.Id] ??= new ReferenceState(reference);

    private View? TargetOf(ReferenceNode reference, View view, int below)
    {
        ShapeOf(reference, view, below);
        return StateOf(reference).Target;
    }

    private Shape ShapeOf(ReferenceNode reference, View view, int below)
    {
        var state = StateOf(reference);
        if (state.Shape is { } known)
        {
            return known;
        }

        if (state.IsShapeInProgress)
        {
            return CloseCycle(state, view) ? Shape.Undefined : Shape.Failed;
        }

        if (!Enter(view))
        {
            return Shape.Failed;
        }

        state.IsShapeInProgress = true;
        _inProgress.Add(state);
        var shape = Find(state, view, below);
        _inProgress.RemoveAt(_inProgress.Count - 1);
        state.IsShapeInProgress = false;
        _depth--;
        if (state.ClosesOptionalCycle)
        {
            (shape, state.Target, state.External) = (Shape.Undefined, null, null);
        }

        // A circle that was found meanwhile may have failed it already.
        shape = state.Shape ?? shape;
        if (shape == Shape.Undefined && !reference.IsOptional)
        {
            ReportUnresolved(reference, view);
            shape = Shape.Failed;
        }

        state.Shape = shape;
        return shape;
    }

    private void ReportUnresolved(ReferenceNode reference, View view)
    {
        var included = reference.PrefixLength > 0 ? $" (nor {reference.Path})" : "";
        var isItself = view.IsPrefixOf(reference.Path) && view.Depth > 0;
        var message = isItself
            ? $"{reference.Written} refers to itself, and nothing is defined before it"
            : $"{reference.Written} is defined nowhere{included}";
        Report(
            HoconErrorKind.Unresolved, message, reference.Origin, view,
            $"define it, or write ${{?{reference.Path.From(reference.PrefixLength)}}} if it may be missing");
    }

    // Looks at the full path, then without the place of the include, then in the environment.
    private Shape Find(ReferenceState state, View view, int below)
    {
        var reference = state.Node;
        var isItself = false;
        for (var skipped = 0; ; skipped = reference.PrefixLength)
        {
            var path = reference.Path.From(skipped);
            isItself |= view.Depth > 0 && view.IsPrefixOf(path);
            var (target, shape) = Find(path, view, below);
            if (shape != Shape.Undefined)
            {
                state.Target = target;
                return shape;
            }

            if (skipped == reference.PrefixLength)
            {
                state.External = isItself ? null : FromEnvironment(path);
                return state.External is null ? Shape.Undefined : ShapeOf(state.External);
            }
        }
    }

    private (View Target, Shape Shape) Find(HoconPath path, View view, int below)
    {
        if (view.Depth > 0 && view.IsPrefixOf(path))
        {
            var itself = view.From(below);
            for (var index = view.Depth; index < path.Length; index++)
            {
                itself = itself.Child(path[index]);
            }

            return (itself, ShapeOf(itself));
        }

        var (plain, seeing) = (_root, (View?)null);
        for (var index = 0; index < path.Length; index++)
        {
            plain = plain.Child(path[index]);
            seeing = seeing?.Child(path[index]);
            if (index < path.Length - 1 && !view.IsDetached)
            {
                seeing ??= plain.WithoutWayBackTo(view);
            }
        }

        if (seeing is not null && ShapeOf(seeing) is not Shape.Undefined and var shape)
        {
            return (seeing, shape);
        }

        return (plain, ShapeOf(plain));
    }

    private HoconValue? FromEnvironment(HoconPath path)
    {
        var name = path.Joined;
        if (_environment.TryGetValue(name, out var text))
        {
            return External(name, text);
        }

        var items = new List<HoconValue>();
        while (_environment.TryGetValue($"{name}.{items.Count}", out var item))
        {
            items.Add(External($"{name}.{items.Count}", item));
        }

        return items.Count == 0 ? null : new HoconList(items, items[0].Origin);
    }

    private HoconScalar External(string name, string text)
    {
        _charged += text.Length + HoconValue.NodeSize;
        return HoconScalar.String(text, new HoconOrigin(new HoconSourceName(name, HoconOriginKind.Environment), 0, 0));
    }

    private HoconValue? ValueOf(ReferenceNode reference, View view, int below)
    {
        var state = StateOf(reference);
        if (state.HasValue)
        {
            return state.Value;
        }

        if (state.IsValueInProgress)
        {
            return CloseCycle(state, view) ? null : FailedValue;
        }

        var shape = ShapeOf(reference, view, below);
        if (shape is Shape.Failed or Shape.Undefined)
        {
            return shape == Shape.Failed ? FailedValue : null;
        }

        if (!Enter(view))
        {
            return FailedValue;
        }

        state.IsValueInProgress = true;
        _inProgress.Add(state);
        var value = state.External ?? (state.Target is { } target ? ValueOf(target) : null);
        _inProgress.RemoveAt(_inProgress.Count - 1);
        state.IsValueInProgress = false;
        _depth--;
        value = state.ClosesOptionalCycle ? null : state.Shape == Shape.Failed ? FailedValue : value;
        if (value is null && !reference.IsOptional)
        {
            ReportUnresolved(reference, view);
            value = FailedValue;
        }

        (state.Value, state.HasValue) = (value, true);
        return value;
    }

    // A substitution that is being resolved is needed again. True: every link is optional, and the last one counts as undefined.
    private bool CloseCycle(ReferenceState state, View view)
    {
        var links = _inProgress[_inProgress.LastIndexOf(state)..];
        if (links.TrueForAll(link => link.Node.IsOptional))
        {
            links[^1].ClosesOptionalCycle = true;
            return true;
        }

        var isReported = links.Exists(link => link.Shape == Shape.Failed);
        foreach (var link in links)
        {
            link.Shape = Shape.Failed;
        }

        if (!isReported)
        {
            // Shapes and values of one substitution may both be in progress; it is named once.
            var chain = links.Select(link => $"{link.Node.Written} at {link.Node.Origin}").Distinct().ToList();
            var shown = chain.Count <= 10 ? chain : [.. chain[..9], $"… {chain.Count - 10} more …", chain[^1]];
            Report(
                HoconErrorKind.Cycle,
                $"substitutions lead back to themselves: {string.Join(" → ", shown.Append(state.Node.Written))}",
                links[^1].Node.Origin, view, "break the circle, or let a field refer to its own earlier value");
        }

        return false;
    }
}
