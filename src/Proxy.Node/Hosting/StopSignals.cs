using System.Runtime.InteropServices;

namespace Proxy.Node.Hosting;

/// <summary>SIGTERM and Ctrl-C: the first asks for an orderly end, the second ends the process now.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignals()
    {
        _registrations = [Register(PosixSignal.SIGTERM, "SIGTERM"), Register(PosixSignal.SIGINT, "SIGINT")];
    }

    /// <summary>Completes with the first signal's name.</summary>
    public Task<string> First => _first.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private PosixSignalRegistration Register(PosixSignal signal, string name) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        if (!_first.TrySetResult(name))
        {
            Environment.Exit(ExitCodes.Done);
        }
    });
}
