using System.Collections.Concurrent;
using System.Diagnostics;
using Proxy.EndToEnd.Tests.Harness;

namespace Proxy.Cluster.Tests.Harness;

/// <summary>A process of an engine, etcd's or the seed's, until it is disposed.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Task _reading;

    private EngineProcess(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        _process = Process.Start(start)!;
        _reading = Task.WhenAll(CollectAsync(_process.StandardOutput, _output), CollectAsync(_process.StandardError, _errors));
    }

    public static string SeedProgram
    {
        get
        {
            var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Proxy.Seed", configuration, "tcpproxy-seed"));
        }
    }

    public IReadOnlyCollection<string> Output => _output;

    public IReadOnlyCollection<string> Errors => _errors;

    public int ExitCode => _process.ExitCode;

    /// <summary>Where it said it listens.</summary>
    public Uri Listening => new(_output.First(line => line.StartsWith("listening ", StringComparison.Ordinal))["listening ".Length..]);

    public static EngineProcess Start(string program, params IEnumerable<string> arguments) => new(program, arguments);

    /// <summary>A seed that has said "ready".</summary>
    public static async Task<EngineProcess> StartSeedAsync(params string[] arguments)
    {
        var seed = Start(SeedProgram, arguments);
        await RealTime.UntilAsync(
            () => Task.FromResult(seed._output.Contains("ready") || seed._process.HasExited),
            () => $"the seed is not ready: {string.Join('\n', seed._errors)}");
        Assert.False(seed._process.HasExited, string.Join('\n', seed._errors));
        return seed;
    }

    /// <summary>etcd's path, or null where it is not installed.</summary>
    public static string? FindEtcd() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(directory => Path.Combine(directory, "etcd"))
        .FirstOrDefault(File.Exists);

    public void Send(Signal signal) => Signals.Send(_process.Id, signal);

    public async Task ExitAsync()
    {
        await RealTime.UntilAsync(() => Task.FromResult(_process.HasExited), () => "the process does not end");
        await _reading;
    }

    /// <summary>Ends it as a crash would.</summary>
    public async Task KillAsync()
    {
        Send(Signal.Kill);
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private static async Task CollectAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }
}
