namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>Tests that measure memory, descriptors or deadlines, or move much: beside another one they would measure both.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}

/// <summary>Tests that start processes, say a little to them and wait for what they do: one class beside the next.</summary>
public static class OnlyWaits
{
    public const string First = "only waits: first";
    public const string Second = "only waits: second";
    public const string Third = "only waits: third";
}
