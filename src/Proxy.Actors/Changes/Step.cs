namespace Proxy.Actors;

/// <summary>What becomes of one part of a node, in which something is different.</summary>
/// <param name="Old">Null: it is new.</param>
/// <param name="New">Null: it goes; what lives in it may finish.</param>
internal sealed record Step<T>(T? Old, T? New)
    where T : class;
