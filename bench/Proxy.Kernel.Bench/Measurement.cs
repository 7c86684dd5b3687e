using System.Globalization;

namespace Proxy.Kernel.Bench;

/// <param name="Name">By which it is selected.</param>
/// <param name="Unit">Of the figures.</param>
/// <param name="Aim">What is aimed at; null where there is only a figure to watch.</param>
/// <param name="HigherIsBetter">Whether the aim is a floor; else it is a ceiling.</param>
/// <param name="RunOnce">One run, a few hundred milliseconds long; returns the figure.</param>
internal sealed record Benchmark(string Name, string Unit, double? Aim, bool HigherIsBetter, Func<double> RunOnce);

/// <summary>The figures of one benchmark as a line of the table.</summary>
internal sealed record Measurement(Benchmark Benchmark, double Median, double Lowest, double Highest)
{
    public const int Runs = 5;

    public static Measurement Of(Benchmark benchmark)
    {
        benchmark.RunOnce();
        var figures = Enumerable.Range(0, Runs).Select(_ => benchmark.RunOnce()).Order().ToArray();
        return new Measurement(benchmark, figures[Runs / 2], figures[0], figures[^1]);
    }

    public override string ToString()
    {
        var verdict = Benchmark.Aim is { } aim ? Verdict(aim) : string.Empty;
        return $"{Benchmark.Name,-34}{Figure(Median),14}{Figure(Lowest),14}{Figure(Highest),14}"
            + $"{(Benchmark.Aim is { } target ? Figure(target) : "-"),14}  {Benchmark.Unit}{verdict}";
    }

    private static string Figure(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private string Verdict(double aim) => (Benchmark.HigherIsBetter ? Median >= aim : Median <= aim) ? ", met" : ", MISSED";
}
