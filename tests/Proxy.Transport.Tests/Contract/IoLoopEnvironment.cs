using System.Net;
using System.Runtime.ExceptionServices;

namespace Proxy.Transport.Tests.Contract;

/// <summary>
/// What the contract tests need of a backend: two loops that can reach each other, addresses on them, and a way to let things happen. All
/// that differs between a real and a simulated backend is behind it.
/// </summary>
public abstract class IoLoopEnvironment : IDisposable
{
    public abstract IIoLoop First { get; }

    public abstract IIoLoop Second { get; }

    /// <summary>An address of <paramref name="loop"/> that the other loop reaches, with port 0.</summary>
    public abstract IPEndPoint AnyPortOf(IIoLoop loop);

    /// <summary>An address that both loops reach and at which neither a TCP nor a UDP socket is bound.</summary>
    public abstract IPEndPoint NobodyHome();

    /// <summary>Lets things happen until <paramref name="condition"/> holds; fails when it does not within a bound.</summary>
    public abstract void Until(Func<bool> condition, string what);

    /// <summary>Lets everything happen that is under way, so that a test can say that something did not.</summary>
    public abstract void Settle();

    /// <summary>Waits until two channels that were made are connected to their last layer.</summary>
    public virtual void UntilReady(IChannel client, IChannel server)
    {
        // A connection that is made is ready.
    }

    public abstract LoopCounters CountersOf(IIoLoop loop);

    public abstract void Dispose();

    /// <summary>Runs <paramref name="action"/> in a turn of <paramref name="loop"/>, waits for it, and throws what it threw.</summary>
    public void Run(IIoLoop loop, Action action)
    {
        var work = new Work(action);
        loop.Post(work);
        Until(() => work.IsDone, "the posted action runs");
        work.Failure?.Throw();
    }

    public T Run<T>(IIoLoop loop, Func<T> function)
    {
        var result = default(T)!;
        Run(loop, () => { result = function(); });
        return result;
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        private volatile bool _isDone;

        public bool IsDone => _isDone;

        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Execute()
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                Failure = ExceptionDispatchInfo.Capture(failure);
            }

            _isDone = true;
        }
    }
}
