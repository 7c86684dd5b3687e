using System.Diagnostics;
using System.Net;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A real peer, such as HAProxy or nginx, in the foreground with a configuration of the test's own, until it is disposed.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private PeerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>HAProxy; <paramref name="configuration"/> without the <c>global</c> section.</summary>
    public static async Task<PeerProcess> HaproxyAsync(WorkDirectory work, IPEndPoint listens, string configuration)
    {
        var file = work.File($"haproxy-{listens.Port}.cfg");
        const string Common = """
            global
              nbthread 1
            defaults
              timeout connect 5s
              timeout client 30s
              timeout server 30s

            """;
        await File.WriteAllTextAsync(file, Common + configuration + "\n");
        return await StartAsync("haproxy", ["-db", "-q", "-f", file], listens);
    }

    /// <summary>nginx; <paramref name="configuration"/> is the <c>http</c> or <c>stream</c> section.</summary>
    public static async Task<PeerProcess> NginxAsync(WorkDirectory work, IPEndPoint listens, string configuration)
    {
        var file = work.File($"nginx-{listens.Port}.conf");
        var module = "/usr/lib/nginx/modules/ngx_stream_module.so";
        var load = configuration.TrimStart().StartsWith("stream", StringComparison.Ordinal) && File.Exists(module) ? $"load_module {module};" : "";
        await File.WriteAllTextAsync(file, $$"""
            {{load}}
            daemon off;
            master_process off;
            error_log stderr warn;
            pid {{file}}.pid;
            events { worker_connections 1024; }
            {{configuration}}
            """);
        return await StartAsync("nginx", ["-c", file, "-p", work.Path, "-e", "stderr"], listens);
    }

    /// <summary>Any program; returns when it takes connections at <paramref name="listens"/>.</summary>
    public static async Task<PeerProcess> StartAsync(string program, IEnumerable<string> arguments, IPEndPoint listens)
    {
        var start = new ProcessStartInfo(Executables.RequirePeer(program), arguments) { UseShellExecute = false, RedirectStandardError = true };
        var peer = new PeerProcess(Process.Start(start)!);
        await Wait.UntilAsync(() => Dial.Answers(listens) || peer._process.HasExited, StartBound, () => $"{program} does not answer");
        if (peer._process.HasExited)
        {
            Assert.Fail($"{program} ended: {await peer._errors}");
        }

        return peer;
    }

    /// <summary>The same in a network of the test's own.</summary>
    public static async Task<PeerProcess> StartInAsync(NetworkNamespace network, string program, IEnumerable<string> arguments, IPEndPoint listens)
    {
        var start = new ProcessStartInfo(Executables.RequirePeer("nsenter"), network.Enter(Executables.RequirePeer(program), [.. arguments]))
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        var peer = new PeerProcess(Process.Start(start)!);
        await Wait.UntilAsync(() => network.Run(() => Dial.Answers(listens)), StartBound, () => $"{program} does not answer");
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{_process.StartInfo.FileName}\n{await _errors}\n");
        _process.Dispose();
    }
}
