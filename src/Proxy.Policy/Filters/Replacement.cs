namespace Proxy.Policy.Filters;

/// <summary>What is to stand where a pattern stood. The pattern is not empty and at most <see cref="FilterLimits.PatternBytes"/> long.</summary>
public sealed record Replacement(ReadOnlyMemory<byte> Pattern, ReadOnlyMemory<byte> With);
