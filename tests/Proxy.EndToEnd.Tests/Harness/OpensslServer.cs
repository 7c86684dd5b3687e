using System.Diagnostics;
using System.Net;
using Proxy.EndToEnd.Tests.Peers;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A real `openssl s_server` that answers HTTP with a page about the connection.</summary>
internal sealed class OpensslServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;

    private OpensslServer(Process process, IPEndPoint address)
    {
        _process = process;
        _reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Address = address;
    }

    public IPEndPoint Address { get; }

    public static async Task<OpensslServer> StartAsync(string certificate, params string[] more)
    {
        var address = FreePort.ForTcp();
        var start = new ProcessStartInfo(
            Executables.RequirePeer("openssl"), ["s_server", "-accept", address.ToString(), "-cert", certificate, "-key", certificate, "-www", .. more])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var server = new OpensslServer(Process.Start(start)!, address);
        await Wait.UntilAsync(() => Dial.Answers(address) || server._process.HasExited, TimeSpan.FromSeconds(10), () => "s_server does not answer");
        Assert.False(server._process.HasExited, "s_server has ended");
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }
}
