namespace Proxy.Cluster.Tests.Simulated;

/// <summary>
/// A day of a large cluster. Every run has two hours of a twentieth of it; PROXY_LONG=1 has all: 1,000 workers, 100,000 clients, 24 hours
/// (docs/cluster.md has the figures).
/// </summary>
public sealed class ClusterSimulationTests(ITestOutputHelper output)
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("PROXY_LONG") == "1";

    private static readonly SimulationSettings Small = new()
    {
        Workers = 50,
        Clients = 5000,
        FullWorkers = 4,
        Seconds = 2 * 3600,
        CrashEverySeconds = 8 * 3600,
        PartitionEverySeconds = 900,
        ScaleEverySeconds = 1200,
        UpgradeAtSecond = 3000,
        SeedRestartAtSecond = 5400,
    };

    [Fact]
    public void A_day_of_a_cluster()
    {
        var simulation = Run(IsLong ? new SimulationSettings() : Small);
        output.WriteLine(simulation.Report());
        var figures = simulation.Figures;

        Assert.True(figures.Crashes > 5 && figures.Leaves > 50 && figures.EnginePartitions > 3 && figures.ClientPartitions > 3, "too little has happened");
        Assert.InRange(figures.MostConnections, 900, 1000);
        Assert.Equal(1, figures.MostDividers);
        Assert.InRange(SimulationFigures.At(figures.StreamDeviations, 0.99), 0, 0.25);

        // Of 3 tunnels of each client, one member's part, and its replacement.
        Assert.InRange(SimulationFigures.At(figures.MovedByJoin, 0.5), 1, 2.5 * 3 * simulation.Settings.Clients / simulation.Settings.Workers);
        Assert.InRange(SimulationFigures.At(figures.SecondsUntilGone, 0.99), 1, 8);
        Assert.InRange(SimulationFigures.At(figures.SecondsUntilUp, 0.99), 0, 3);
        Assert.InRange(figures.RequestsPerWorkerMinute, 30, 80);
    }

    [Fact]
    public void The_same_seed_is_the_same_run_and_the_engine_does_not_notice_how_many_clients_there_are()
    {
        var few = Small with { Seconds = 1200, Clients = 500, UpgradeAtSecond = 300, SeedRestartAtSecond = 900, PartitionEverySeconds = 400 };
        var (first, second) = (Run(few), Run(few));
        Assert.Equal(first.Report(), second.Report());

        var many = Run(few with { Clients = 5000 });
        Assert.InRange(many.Figures.RequestsPerWorkerMinute / first.Figures.RequestsPerWorkerMinute, 0.95, 1.05);
    }

    private static ClusterSimulation Run(SimulationSettings settings)
    {
        var simulation = new ClusterSimulation(settings);
        simulation.Run();
        return simulation;
    }
}
