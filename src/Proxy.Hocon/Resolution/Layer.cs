using Proxy.Hocon.Tree;

namespace Proxy.Hocon.Resolution;

/// <summary>What a value will be, known before it is resolved.</summary>
internal enum Shape
{
    /// <summary>An optional substitution without a value: as if nothing stood there.</summary>
    Undefined,
    Scalar,
    List,
    Object,

    /// <summary>An error was reported for it.</summary>
    Failed,
}

/// <summary>
/// One definition within a <see cref="View"/>: a node that stands there, or a view of what a substitution above refers to.
/// </summary>
/// <param name="Node">Null where <paramref name="Derived"/> is set.</param>
/// <param name="Derived">Null where <paramref name="Node"/> is set.</param>
/// <param name="Below">The number of the first layer that a self-reference in this one may see.</param>
/// <param name="MustBeObject">Whether this is a part of a concatenation of objects, beside which nothing else may stand.</param>
internal readonly record struct Layer(Node? Node, View? Derived, int Below, bool MustBeObject);
