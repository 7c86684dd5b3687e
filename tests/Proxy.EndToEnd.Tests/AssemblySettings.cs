using System.Runtime.Versioning;

// Three at once, of those that bear it: see Harness/Alone.cs.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]

// Processes are watched through /proc and told by signals.
[assembly: SupportedOSPlatform("linux")]
