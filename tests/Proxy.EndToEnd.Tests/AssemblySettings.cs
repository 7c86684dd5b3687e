using System.Runtime.Versioning;

// Each test runs several processes and measures memory, descriptors or deadlines; beside another one it would measure both.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

// Processes are watched through /proc and told by signals.
[assembly: SupportedOSPlatform("linux")]
