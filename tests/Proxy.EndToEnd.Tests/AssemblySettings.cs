using System.Runtime.Versioning;

// Two at once, of those that bear it: see Harness/Alone.cs.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

// Processes are watched through /proc and told by signals.
[assembly: SupportedOSPlatform("linux")]
