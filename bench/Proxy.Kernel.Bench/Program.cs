using Proxy.Kernel.Bench;

// Names or parts of names select benchmarks; without arguments all run, in well under a minute.
Console.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}; median of {Measurement.Runs}, one warm-up");
Console.WriteLine($"{"benchmark",-34}{"median",14}{"lowest",14}{"highest",14}{"CPU ns",9}{"aim",14}  ");
foreach (var benchmark in Benchmarks.All)
{
    if (args.Length == 0 || Array.Exists(args, part => benchmark.Name.Contains(part, StringComparison.OrdinalIgnoreCase)))
    {
        Console.WriteLine(Measurement.Of(benchmark));
    }
}
