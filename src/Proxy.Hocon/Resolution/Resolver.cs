using System.Runtime.CompilerServices;
using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

/// <summary>
/// Resolves one tree, once. Values are asked for by path and remembered by substitution; a circle, a depth or a size that is too large is an error
/// and never an overflow. Errors are collected: what depends on a failed value fails silently.
/// </summary>
internal sealed partial class Resolver
{
    /// <summary>What a view takes, about, in bytes.</summary>
    public const int ViewWork = 192;

    /// <summary>What a layer takes in bytes.</summary>
    public const int LayerWork = 32;

    /// <summary>What a look at a layer is charged. It takes no memory; but many looks take time, which is bounded by the same sum.</summary>
    public const int StepWork = 4;

    // Stands for a value for which an error was reported.
    private static readonly HoconScalar FailedValue = new(HoconKind.Null, "failed", HoconOrigin.Unknown);

    private readonly ErrorList _errors;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly ReferenceState?[] _references;
    private readonly long _maximumSize;
    private readonly long _maximumWork;
    private readonly View _root;
    private readonly Node _rootNode;

    // The substitutions that are being resolved, from the outside in.
    private readonly List<ReferenceState> _inProgress = [];
    private long _charged;
    private long _work;
    private int _depth;
    private bool _isSizeReported;
    private bool _isDepthReported;

    public Resolver(Node root, int referenceCount, long inputCharacters, IReadOnlyDictionary<string, string> environment, ErrorList errors)
    {
        _errors = errors;
        _environment = environment;
        _references = new ReferenceState?[referenceCount];
        _maximumSize = HoconLimits.ResolvedSize(inputCharacters);
        _maximumWork = HoconLimits.WorkSize(inputCharacters);
        _rootNode = root;
        root.Prepare();
        _root = View.Root(this, root);
    }

    /// <summary>What was made while resolving, in the units of <see cref="HoconValue.Size"/>, and the work it took.</summary>
    public long Charged => _charged + _work;

    /// <summary>The resolved root; null: errors were reported.</summary>
    public HoconValue? Resolve()
    {
        var before = _errors.Errors.Count;
        var value = _root.TryGetLayer(0, out _) ? ValueOf(_root) : null;
        return _errors.Errors.Count > before || ReferenceEquals(value, FailedValue) ? null : value ?? EmptyRoot();
    }

    /// <summary>Counts the making of a view, a layer, or a look at one.</summary>
    public void ChargeWork(long bytes) => _work += bytes;

    /// <summary>
    /// Whether a layer is a reference of the view to itself and stands for nothing but the layers behind it, which are there anyway. Its shape has to
    /// be known.
    /// </summary>
    public bool IsOwnBelow(Layer layer, int index, View view) =>
        layer.Node is ReferenceNode reference && layer.Below == index + 1 && IsExactly(view, reference)
        && ReferenceEquals(StateOf(reference).Target, view.From(layer.Below));

    /// <summary>What a layer of <paramref name="view"/> will be.</summary>
    public Shape ShapeOf(Layer layer, View view) => layer switch
    {
        { Derived: { } derived } => ShapeOf(derived),
        { Node: ReferenceNode reference } => ShapeOf(reference, view, layer.Below),
        { Node: ConcatNode concat } => ShapeOf(concat, view, layer.Below),
        _ => ShapeOf(layer.Node!),
    };

    /// <summary>What stands behind a layer that is an object and no plain node, uppermost first.</summary>
    public IEnumerable<View> TargetsOf(Layer layer, View view)
    {
        switch (layer)
        {
            case { Derived: { } derived }:
                return [derived];
            case { Node: ReferenceNode reference }:
                return TargetOf(reference, view, layer.Below) is { } target ? [target] : [];
            case { Node: ConcatNode concat }:
                var targets = new List<View>();
                foreach (var part in Enumerable.Reverse(concat.Parts))
                {
                    if (part.Node is ReferenceNode inside && TargetOf(inside, view, layer.Below) is { } found)
                    {
                        targets.Add(found);
                    }
                    else if (part.Node is ObjectNode)
                    {
                        targets.Add(View.Element(view, part.Node));
                    }
                }

                return targets;
            default:
                return [];
        }
    }

    private HoconObject EmptyRoot() => new([], _rootNode.Origin);

    private static Shape ShapeOf(Node node) => node switch
    {
        ObjectNode => Shape.Object,
        ListNode or ValueNode { Value: HoconList } => Shape.List,
        _ => Shape.Scalar,
    };

    private static Shape ShapeOf(HoconValue value) => value switch
    {
        HoconObject => Shape.Object,
        HoconList => Shape.List,
        _ => ReferenceEquals(value, FailedValue) ? Shape.Failed : Shape.Scalar,
    };

    private Shape ShapeOf(View view)
    {
        if (!Enter(view))
        {
            return Shape.Failed;
        }

        var shape = Shape.Undefined;
        for (var index = 0; shape == Shape.Undefined && view.TryGetLayer(index, out var layer); index++)
        {
            ChargeWork(StepWork);
            shape = ShapeOf(layer, view);
        }

        _depth--;
        return shape;
    }

    private Shape ShapeOf(ConcatNode concat, View view, int below)
    {
        if (concat.HasText || concat.HasList)
        {
            return concat.HasText ? Shape.Scalar : Shape.List;
        }

        var (isAny, joint) = (false, Shape.Undefined);
        foreach (var part in concat.Parts)
        {
            isAny |= part.IsBlank;
            var shape = part.IsBlank ? Shape.Undefined
                : part.Node is ReferenceNode reference ? ShapeOf(reference, view, below) : ShapeOf(part.Node);
            if (shape == Shape.Failed)
            {
                return Shape.Failed;
            }

            // An object beside a list joins it by its numbers.
            joint = (joint, shape) is (Shape.Object, Shape.List) or (Shape.List, Shape.Object) ? Shape.List : (Shape)Math.Max((int)joint, (int)shape);
        }

        return joint == Shape.Undefined && isAny ? Shape.Scalar : joint;
    }

    /// <summary>Whether the stack has room for one more step; if not, that was reported.</summary>
    public bool HasRoom(View view)
    {
        if (RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            return true;
        }

        ReportDepth(view);
        return false;
    }

    // Whether there is room for one step deeper; if not, that was reported.
    private bool Enter(View view)
    {
        if (_charged > _maximumSize || _work > _maximumWork)
        {
            ReportSize(view);
            return false;
        }

        if (_depth < HoconLimits.ResolutionDepth && RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            _depth++;
            return true;
        }

        ReportDepth(view);
        return false;
    }

    private void ReportDepth(View view)
    {
        if (_isDepthReported)
        {
            return;
        }

        _isDepthReported = true;
        var origin = _inProgress.Count > 0 ? _inProgress[^1].Node.Origin : view.Origin;
        Report(HoconErrorKind.Limit, "substitutions and objects lead too deep into each other here", origin, view, "shorten the chain");
    }

    private void ReportSize(View view)
    {
        if (_isSizeReported)
        {
            return;
        }

        _isSizeReported = true;
        var origin = _inProgress.Count > 0 ? _inProgress[^1].Node.Origin : view.Origin;
        Report(
            HoconErrorKind.Limit,
            _work > _maximumWork
                ? $"resolving takes more than {_maximumWork >> 20} MiB, which is {HoconLimits.WorkGrowth} times the text"
                : $"the resolved value passes {_maximumSize >> 20} MiB, which is {HoconLimits.Growth} times the text or more",
            origin, view, "substitutions multiply it");
    }

    private void Report(HoconErrorKind kind, string message, HoconOrigin origin, View view, string hint) =>
        _errors.Add(kind, message, origin, view.ToString(), hint);
}
