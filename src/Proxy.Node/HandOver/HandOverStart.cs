using System.Globalization;
using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Transport.HandOver;

namespace Proxy.Node.HandOver;

/// <summary>Where a process gets listening sockets from that it need not bind: its predecessor, or the service manager.</summary>
internal static class HandOverStart
{
    /// <summary>Takes all there are into <paramref name="sockets"/>.</summary>
    /// <param name="path">Where a predecessor would listen; null: there is none.</param>
    /// <exception cref="IOException">A predecessor is there, and did not give its sockets.</exception>
    public static Predecessor? Take(string? path, ListeningSockets sockets, Generations generations, ILogger log)
    {
        TakePassed(sockets, log);
        if (path is null)
        {
            return null;
        }

        try
        {
            var predecessor = Predecessor.Find(path, sockets);
            if (predecessor is not null)
            {
                generations.Own = unchecked((byte)(predecessor.Generation + 1));
                generations.PassToOlder = predecessor.TryPass;
                log.LogInformation("hand-over: taking the place of process {Process}", predecessor.Process);
            }

            return predecessor;
        }
        catch (IOException failure)
        {
            throw new IOException($"hand-over: a process listens at {path}, but {failure.Message}", failure);
        }
    }

    // sd_listen_fds(3): the variables are for the process that LISTEN_PID names, not for its children.
    private static void TakePassed(ListeningSockets sockets, ILogger log)
    {
        var count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        var process = Environment.GetEnvironmentVariable("LISTEN_PID");
        if (!int.TryParse(count, CultureInfo.InvariantCulture, out var number) || number is < 1 or > MostPassed
            || process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture) || !OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (var fault in sockets.OfferPassed(number))
        {
            log.LogWarning("{Fault}", fault);
        }

        log.LogInformation("{Count} listening sockets were passed by the service manager", number);
    }

    private const int MostPassed = 10_000;
}
