using System.Diagnostics;

namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>What a program that was run to its end left behind.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Errors)
{
    private static readonly TimeSpan DefaultBound = TimeSpan.FromSeconds(30);

    /// <summary>Runs a program to its end; past the bound it is killed and the test fails.</summary>
    public static async Task<CommandResult> OfAsync(string program, IEnumerable<string> arguments, TimeSpan? bound = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(bound ?? DefaultBound);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{Path.GetFileName(program)} {string.Join(' ', start.ArgumentList)} did not end within {bound ?? DefaultBound}; it said: {await errors}");
        }

        return new CommandResult(process.ExitCode, await output, await errors);
    }

    /// <summary>Runs tcpproxy to its end.</summary>
    public static Task<CommandResult> OfNodeAsync(params string[] arguments) => OfAsync(Executables.Node, arguments);
}
