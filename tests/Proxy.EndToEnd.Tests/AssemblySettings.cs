// Each test runs several processes and measures memory, descriptors or deadlines; beside another one it would measure both.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
