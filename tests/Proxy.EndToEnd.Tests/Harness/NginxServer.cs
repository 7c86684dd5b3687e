using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A real nginx that serves <see cref="Files"/> by GET and takes files by PUT.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    private readonly PeerProcess _process;

    private NginxServer(PeerProcess process, IPEndPoint address, string files)
    {
        _process = process;
        Address = address;
        Files = files;
    }

    public IPEndPoint Address { get; }

    public string Files { get; }

    public static async Task<NginxServer> StartAsync(WorkDirectory work, IPEndPoint? at = null)
    {
        var address = at ?? FreePort.ForTcp();
        var files = Directory.CreateDirectory(work.File("www")).FullName;
        var temporary = Directory.CreateDirectory(work.File("temp")).FullName;
        return new NginxServer(await PeerProcess.NginxAsync(work, address, Configuration(address, files, temporary)), address, files);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    // A file that was PUT is moved, so both lie on one file system.
    private static string Configuration(IPEndPoint address, string files, string temporary) => $$"""
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
