using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

/// <summary>What is known of one substitution while a tree is resolved.</summary>
internal sealed class ReferenceState(ReferenceNode node)
{
    public ReferenceNode Node { get; } = node;

    /// <summary>What it refers to; null: nothing was found, or the environment had it.</summary>
    public View? Target { get; set; }

    /// <summary>What the environment had.</summary>
    public HoconValue? External { get; set; }

    /// <summary>Null: not known yet.</summary>
    public Shape? Shape { get; set; }

    public HoconValue? Value { get; set; }

    public bool HasValue { get; set; }

    public bool IsShapeInProgress { get; set; }

    public bool IsValueInProgress { get; set; }

    /// <summary>Whether it closed a circle of which every link is optional; then it counts as undefined.</summary>
    public bool ClosesOptionalCycle { get; set; }
}
