using System.Globalization;

namespace Proxy.Kernel.Bench;

/// <summary>Something to measure, and what is aimed at.</summary>
/// <param name="Name">By which it is selected.</param>
/// <param name="Unit">Of the figures.</param>
/// <param name="Aim">What is aimed at; null where there is only a figure to watch.</param>
/// <param name="HigherIsBetter">Whether the aim is a floor; else it is a ceiling.</param>
/// <param name="Operations">Operations of one run, for the processor time of each; 0 where that says nothing.</param>
/// <param name="RunOnce">One run, a few hundred milliseconds long; returns the figure.</param>
internal sealed record Benchmark(string Name, string Unit, double? Aim, bool HigherIsBetter, double Operations, Func<double> RunOnce);

/// <summary>
/// The figures of one benchmark as a line of the table. Processor time per operation is there because it says something on a busy machine too,
/// where the rates do not.
/// </summary>
internal sealed record Measurement(Benchmark Benchmark, double Median, double Lowest, double Highest, double ProcessorNanoseconds)
{
    public const int Runs = 5;

    public static Measurement Of(Benchmark benchmark)
    {
        benchmark.RunOnce();
        var before = Environment.CpuUsage.TotalTime;
        var figures = Enumerable.Range(0, Runs).Select(_ => benchmark.RunOnce()).Order().ToArray();
        var nanoseconds = (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / Runs / benchmark.Operations;
        return new Measurement(benchmark, figures[Runs / 2], figures[0], figures[^1], nanoseconds);
    }

    public override string ToString()
    {
        var verdict = Benchmark.Aim is { } aim ? Verdict(aim) : string.Empty;
        var processor = Benchmark.Operations > 0 ? Figure(ProcessorNanoseconds) : "-";
        var target = Benchmark.Aim is { } figure ? Figure(figure) : "-";
        return $"{Benchmark.Name,-34}{Figure(Median),14}{Figure(Lowest),14}{Figure(Highest),14}{processor,9}{target,14}  {Benchmark.Unit}{verdict}";
    }

    private static string Figure(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private string Verdict(double aim) => (Benchmark.HigherIsBetter ? Median >= aim : Median <= aim) ? ", met" : ", MISSED";
}
