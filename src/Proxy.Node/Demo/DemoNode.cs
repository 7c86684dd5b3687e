using System.Diagnostics;

namespace Proxy.Node.Demo;

/// <summary>One node of the demo: this program again, as a process of its own. Its log goes to our stderr when it fails to start.</summary>
internal sealed class DemoNode : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _urls = [];

    private DemoNode(Process process)
    {
        _process = process;
    }

    /// <summary>The first address of that scheme that the node printed.</summary>
    public string Listening(string scheme) => _urls.First(url => url.StartsWith(scheme + "://", StringComparison.Ordinal));

    /// <summary>Starts the node and waits for its `ready`.</summary>
    public static Task<DemoNode> StartAsync(params string[] arguments) => StartProgramAsync(Environment.ProcessPath!, arguments);

    /// <summary>The same for another program that says "listening URL" and "ready".</summary>
    public static async Task<DemoNode> StartProgramAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var node = new DemoNode(Process.Start(start)!);
        var errors = node._process.StandardError.ReadToEndAsync();
        while (await node._process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "ready")
            {
                return node;
            }

            node._urls.Add(line["listening ".Length..]);
        }

        var text = await errors;
        node.Dispose();
        throw new InvalidOperationException($"{Path.GetFileName(program)} {arguments[0]} did not start:\n{text}");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
