using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>A real `openssl s_client` that is talked to by its standard input, and says what it got.</summary>
internal sealed class OpensslClient : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly Task _reading;

    private OpensslClient(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(CollectAsync(process.StandardOutput), CollectAsync(process.StandardError));
    }

    public string Text => string.Join('\n', _lines);

    /// <summary>Begins a conversation.</summary>
    public static OpensslClient Start(IPEndPoint to, params string[] options)
    {
        var start = new ProcessStartInfo(Executables.RequirePeer("openssl"), ["s_client", "-connect", to.ToString(), .. options])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        return new OpensslClient(Process.Start(start)!);
    }

    /// <summary>Shakes hands, says nothing, and gives what was printed about it.</summary>
    public static async Task<string> HandshakeAsync(IPEndPoint to, params string[] options)
    {
        await using var client = Start(to, options);
        client._process.StandardInput.Close();
        await Wait.UntilAsync(() => client._process.HasExited, Bound, () => $"s_client goes on: {client.Text}");
        await client._reading;
        return client.Text;
    }

    public async Task SayAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    public Task HearsAsync(string line) => Wait.UntilAsync(() => _lines.Contains(line), Bound, () => $"\"{line}\" has not come: {Text}");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _reading;
        _process.Dispose();
    }

    private async Task CollectAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            _lines.Enqueue(line);
        }
    }
}
