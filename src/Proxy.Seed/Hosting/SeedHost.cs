using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Proxy.Cluster.Seeds;

namespace Proxy.Seed.Hosting;

/// <summary>Runs a seed until it is told to end: one line for the listener, the line <c>ready</c>, exit code 0.</summary>
internal static class SeedHost
{
    public static async Task<int> RunAsync(SeedSettings settings)
    {
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = Register(PosixSignal.SIGTERM, stop);
        using var interrupt = Register(PosixSignal.SIGINT, stop);

        // The only thing this picks is IDs, which no two starts may share; secrets come from the system's generator.
        using var engine = new SeedEngine(new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), TimeProvider.System);
        var tokens = settings.HasPassword
            ? new SeedTokens(settings.UserName, settings.Password, () => RandomNumberGenerator.GetHexString(TokenCharacters, lowercase: true))
            : null;
        await using var server = await SeedServer.StartAsync(settings, engine, tokens);
        Console.Out.WriteLine($"listening {server.Url}");
        Console.Out.WriteLine("ready");
        await Console.Out.FlushAsync();
        await stop.Task;
        return ExitCodes.Done;
    }

    private static PosixSignalRegistration Register(PosixSignal signal, TaskCompletionSource stop) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (!stop.TrySetResult())
        {
            Environment.Exit(ExitCodes.Done);
        }
    });

    // 128 bits.
    private const int TokenCharacters = 32;
}
