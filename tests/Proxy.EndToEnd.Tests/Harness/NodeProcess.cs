using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// A running tcpproxy: its listeners as it printed them, its log, its signals. Disposing ends it whatever state it is in
/// and writes the end of its log into the test's output.
/// </summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int LogLinesShown = 60;
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(20);

    /// <summary>What all nodes here have, unless they are given a key file.</summary>
    private static readonly string Key = Convert.ToBase64String(Enumerable.Repeat((byte)42, 32).ToArray());

    /// <summary>Shared and never cleaned: one small file, the same for all.</summary>
    private static readonly string StateHome = Path.Combine(Path.GetTempPath(), "tcpproxy-test-state");

    private readonly Process _process;
    private readonly string _commandLine;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly Task _reading;

    private NodeProcess(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TCPPROXY_KEY"] = Key;
        start.Environment["XDG_STATE_HOME"] = StateHome;
        _commandLine = program + " " + string.Join(' ', arguments);
        _process = Process.Start(start)!;
        _reading = Task.WhenAll(CollectAsync(_process.StandardOutput, _output), CollectAsync(_process.StandardError, _log));
    }

    public int Id => _process.Id;

    public IReadOnlyCollection<string> Output => _output;

    public IReadOnlyCollection<string> Log => _log;

    public bool HasExited => _process.HasExited;

    /// <summary>The addresses of the "listening …" lines, in the order printed.</summary>
    public IEnumerable<Uri> Listening => _output
        .Where(line => line.StartsWith("listening ", StringComparison.Ordinal))
        .Select(line => new Uri(line["listening ".Length..]));

    /// <summary>Where a server takes tunnels; the first.</summary>
    public IPEndPoint Tunnels => EndPoints("kcp").Concat(EndPoints("tcp")).Concat(EndPoints("tls")).First();

    public IPEndPoint Kcp => EndPoints("kcp").First();

    public IPEndPoint Tcp => EndPoints("tcp").First();

    /// <summary>Where a server takes chains without a tunnel.</summary>
    public IPEndPoint Chains => EndPoints("chain").First();

    /// <summary>The listeners of the forwards, in the order of the command line.</summary>
    public IReadOnlyList<IPEndPoint> Entries => [.. EndPoints("tcp")];

    /// <summary>It is printed last: what an HTTP frontend has printed looks the same.</summary>
    public Uri Admin => Listening.Last(address => address.Scheme == "http");

    /// <summary>Where clients say themselves where they want to go; the first.</summary>
    public IPEndPoint Proxy => EndPoints("mixed").Concat(EndPoints("socks5")).Concat(EndPoints("http")).First();

    public long ResidentBytes => ProcessFacts.ResidentBytes(Id);

    public int DescriptorCount => ProcessFacts.DescriptorCount(Id);

    /// <summary>Starts a node and returns when it said "ready".</summary>
    public static Task<NodeProcess> StartAsync(params string[] arguments) => StartByAsync(Executables.Node, arguments);

    /// <summary>The same on another network.</summary>
    public static Task<NodeProcess> StartInAsync(NetworkNamespace network, params string[] arguments) =>
        StartByAsync(Executables.RequirePeer("nsenter"), network.Enter(Executables.Node, arguments));

    /// <summary>The same with so many descriptors and no more.</summary>
    public static Task<NodeProcess> StartWithDescriptorsAsync(int descriptors, params string[] arguments) =>
        StartByAsync("/bin/sh", ["-c", $"ulimit -n {descriptors} && exec \"$0\" \"$@\"", Executables.Node, .. arguments]);

    /// <summary>The same by a program that becomes the node.</summary>
    public static async Task<NodeProcess> StartByAsync(string program, string[] arguments)
    {
        var node = new NodeProcess(program, arguments);
        var ready = await Wait.ForAsync(() => node._output.Contains("ready") || node.HasExited, StartBound);
        if (!ready || node.HasExited)
        {
            var state = node.HasExited ? $"ended with code {node._process.ExitCode}" : "did not say ready";
            await node.DisposeAsync();
            Assert.Fail($"{node._commandLine} {state}. Output: {string.Join('\n', node.Output)}\nLog: {string.Join('\n', node.Log)}");
        }

        return node;
    }

    public void Send(Signal signal) => Signals.Send(Id, signal);

    /// <summary>Ends the process as a crash would, and returns when the kernel has closed its sockets.</summary>
    public async Task KillAsync()
    {
        Send(Signal.Kill);
        await ExitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>The exit code, once there is one.</summary>
    public async Task<int> ExitAsync(TimeSpan bound)
    {
        await Wait.UntilAsync(() => _process.HasExited, bound, () => $"{_commandLine} is still running");
        return _process.ExitCode;
    }

    /// <summary>Returns when so many lines of the log hold <paramref name="text"/>, in whatever case.</summary>
    public Task LogsAsync(string text, TimeSpan bound, int times = 1) => Wait.UntilAsync(
        () => _log.Count(line => line.Contains(text, StringComparison.OrdinalIgnoreCase)) >= times,
        bound,
        () => $"no line of the log holds \"{text}\":\n{string.Join('\n', _log)}");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Send(Signal.Kill);
            await _process.WaitForExitAsync();
        }

        await _reading;
        var ending = string.Join('\n', _log.TakeLast(LogLinesShown));
        TestContext.Current.TestOutputHelper?.WriteLine($"{_commandLine}\n{ending}\n");
        _process.Dispose();
    }

    private IEnumerable<IPEndPoint> EndPoints(string scheme) => Listening
        .Where(address => address.Scheme == scheme)
        .Select(address => new IPEndPoint(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port));

    private static async Task CollectAsync(StreamReader reader, ConcurrentQueue<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lines.Enqueue(line);
        }
    }
}
