using System.Globalization;

namespace Proxy.Cluster.Tests.Simulated;

/// <summary>What a run has shown.</summary>
internal sealed class SimulationFigures
{
    /// <summary>How far the streams of workers that are settled are from their part by weight, at each minute: 0.1 is a tenth.</summary>
    public List<double> StreamDeviations { get; } = [];

    public List<double> TunnelDeviations { get; } = [];

    /// <summary>Tunnels that one member moved which came or went alone.</summary>
    public List<double> MovedByJoin { get; } = [];

    public List<double> MovedByLeave { get; } = [];

    /// <summary>Seconds from a crash until no member knows the worker any more.</summary>
    public List<double> SecondsUntilGone { get; } = [];

    /// <summary>Seconds from a start until clients use the worker.</summary>
    public List<double> SecondsUntilUp { get; } = [];

    /// <summary>Seconds from its first stream until a worker that joined has nine tenths of its part.</summary>
    public List<double> SecondsUntilShare { get; } = [];

    public int MostClientsWithoutWorker { get; set; }

    public int Crashes { get; set; }

    public int Joins { get; set; }

    public int Leaves { get; set; }

    public int EnginePartitions { get; set; }

    public int ClientPartitions { get; set; }

    /// <summary>The most connections under leases that live, of a limit.</summary>
    public long MostConnections { get; set; }

    /// <summary>How much of the limit was in use at each second that has no change of nodes behind it.</summary>
    public List<double> LimitUsed { get; } = [];

    public int MostDividers { get; set; }

    /// <summary>Requests of a worker that only registers, and of one that has everything, a minute.</summary>
    public double RequestsPerWorkerMinute { get; set; }

    public double WatchEventsPerNodeMinute { get; set; }

    public static double At(List<double> values, double share)
    {
        if (values.Count == 0)
        {
            return 0;
        }

        values.Sort();
        return values[Math.Min(values.Count - 1, (int)(values.Count * share))];
    }

    public static string Percent(double value) => (100 * value).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    public static string Three(List<double> values, Func<double, string> text) =>
        values.Count == 0 ? "none" : $"p50 {text(At(values, 0.5))}, p99 {text(At(values, 0.99))}, most {text(At(values, 1))}";

    public static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
