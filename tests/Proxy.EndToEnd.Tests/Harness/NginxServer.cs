using System.Diagnostics;
using System.Net;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A real nginx, as one foreground process of the current user: serves <see cref="Files"/> by GET and takes files by PUT.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private NginxServer(Process process, IPEndPoint address, string files)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
        Address = address;
        Files = files;
    }

    public IPEndPoint Address { get; }

    public string Files { get; }

    /// <summary>Starts one on a free port; <paramref name="again"/>: where another has been that was stopped.</summary>
    public static async Task<NginxServer> StartAsync(WorkDirectory work, IPEndPoint? again = null)
    {
        var program = Executables.RequirePeer("nginx");
        var address = again ?? FreePort.ForTcp();
        var files = Directory.CreateDirectory(work.File("www")).FullName;
        Directory.CreateDirectory(work.File("temp"));
        var configuration = work.File("nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(address, files, work.File("temp"), work.File("nginx.pid")));
        var start = new ProcessStartInfo(program, ["-c", configuration, "-p", work.Path, "-e", "stderr"])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        var server = new NginxServer(Process.Start(start)!, address, files);
        await Wait.UntilAsync(() => Dial.Answers(address) || server._process.HasExited, StartBound, () => "nginx does not answer");
        if (server._process.HasExited)
        {
            Assert.Fail($"nginx ended: {await server._errors}");
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _errors;
        _process.Dispose();
    }

    // One process without a master: nothing is left behind when it is killed. A file that was PUT is moved, so both lie on one file system.
    private static string Configuration(IPEndPoint address, string files, string temporary, string processIdFile) => $$"""
        daemon off;
        master_process off;
        error_log stderr warn;
        pid {{processIdFile}};
        events { worker_connections 1024; }
        http {
            access_log off;
            sendfile on;
            client_max_body_size 0;
            client_body_temp_path {{temporary}}/body;
            proxy_temp_path {{temporary}}/proxy;
            fastcgi_temp_path {{temporary}}/fastcgi;
            uwsgi_temp_path {{temporary}}/uwsgi;
            scgi_temp_path {{temporary}}/scgi;
            server {
                listen {{address}};
                location / { root {{files}}; dav_methods PUT; }
            }
        }
        """;
}
