using System.Diagnostics;
using System.Globalization;
using Proxy.TestKit;

namespace Proxy.Simulation.Tests;

/// <summary>The whole path under a bad network: what went in comes out, nothing is left, and a seed replays it.</summary>
public sealed class StormTests
{
    private const int Seed = 7;
    private const int Streams = 100;
    private const int TotalBytes = 10_000_000;

    /// <summary>Where a child process leaves the hash of its run for the process that started it.</summary>
    private const string TraceFileVariable = "PROXY_TRACE_FILE";

    // A child that runs one test takes a second; a machine that takes this long is stuck.
    private static readonly TimeSpan ChildLimit = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_hundred_streams_get_through_the_same_in_a_sealed_tunnel()
    {
        var hash = Storm.Run(Seed, Streams, TotalBytes, isSealed: true);
        Assert.Equal(hash, Storm.Run(Seed, Streams, TotalBytes, isSealed: true));
        Assert.NotEqual(hash, Storm.Run(Seed + 1, Streams, TotalBytes, isSealed: true));
    }

    [Fact]
    public void Any_seed_carries_all_bytes_through_a_sealed_tunnel_and_leaves_nothing()
    {
        var isLong = Environment.GetEnvironmentVariable("PROXY_LONG") == "1";
        Property.Check(
            runs: isLong ? 200 : 12,
            random => Storm.Run(random.Next(), streams: random.Next(1, 60), totalBytes: random.Next(1, 2_000_000), isSealed: true));
    }

    [Fact]
    public void A_hundred_streams_carry_ten_megabytes_through_loss_duplication_reordering_and_a_blackout()
    {
        var hash = Storm.Run(Seed, Streams, TotalBytes);
        Assert.NotEqual(0ul, hash);
        if (Environment.GetEnvironmentVariable(TraceFileVariable) is { } file)
        {
            File.WriteAllText(file, Text(hash));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_in_two_processes_and_another_seed_another_one()
    {
        var here = Storm.Run(Seed, Streams, TotalBytes);

        Assert.Equal(Text(here), RunInChild(nameof(A_hundred_streams_carry_ten_megabytes_through_loss_duplication_reordering_and_a_blackout)));
        Assert.NotEqual(here, Storm.Run(Seed + 1, Streams, TotalBytes));
    }

    [Fact]
    public void Any_seed_carries_all_bytes_and_leaves_nothing()
    {
        var isLong = Environment.GetEnvironmentVariable("PROXY_LONG") == "1";
        Property.Check(runs: isLong ? 200 : 12, random => Storm.Run(random.Next(), streams: random.Next(1, 60), totalBytes: random.Next(1, 2_000_000)));
    }

    private static string RunInChild(string test)
    {
        var file = Path.GetTempFileName();
        try
        {
            var program = Path.Combine(AppContext.BaseDirectory, typeof(StormTests).Assembly.GetName().Name!);
            var start = new ProcessStartInfo(program, ["--filter-method", $"{typeof(StormTests).FullName}.{test}"])
            {
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            start.Environment[TraceFileVariable] = file;
            using var child = Process.Start(start)!;
            var output = child.StandardOutput.ReadToEndAsync();
            if (!child.WaitForExit(ChildLimit))
            {
                child.Kill(entireProcessTree: true);
                Assert.Fail($"the child did not end within {ChildLimit}");
            }

            Assert.True(child.ExitCode == 0, $"the child failed:\n{output.GetAwaiter().GetResult()}");
            return File.ReadAllText(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
}
