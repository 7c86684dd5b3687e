namespace Proxy.EndToEnd.Tests.Harness;

/// <summary>
/// What every test here shares: a limit, so that a connection that hangs fails its own test and no other. A test runs alone, unless its class says that it
/// only waits (<see cref="OnlyWaits"/>).
/// </summary>
[Collection(Alone.Name)]
public abstract class EndToEndTest : IDisposable
{
    private readonly CancellationTokenSource _limit = new(Scale.Seconds(inEveryRun: 120, inLongRuns: 900));

    /// <summary>Cancelled when the test took far too long.</summary>
    protected CancellationToken Limit => _limit.Token;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _limit.Dispose();
}
