using Proxy.Kernel;

namespace Proxy.TestKit;

/// <summary>Waiting for a condition, with a bound. On a deterministic dispatcher waiting means running turns, and the bound is idleness.</summary>
public static class Await
{
    /// <summary>Long enough for a loaded machine; a passing test never waits for it.</summary>
    public static TimeSpan DefaultTimeout => TimeSpan.FromSeconds(10);

    /// <summary>Whether the condition came true before the system was idle, or before the timeout on real threads.</summary>
    public static bool Condition(ActorSystem system, Func<bool> condition, TimeSpan? timeout = null)
    {
        if (system.Dispatcher is not DeterministicDispatcher dispatcher)
        {
            return SpinWait.SpinUntil(condition, timeout ?? DefaultTimeout);
        }

        while (!condition())
        {
            if (!dispatcher.RunOne())
            {
                return condition();
            }
        }

        return true;
    }

    /// <summary>Repeats the assertion until it passes; if it never does, fails with what it said last.</summary>
    public static void Assert(ActorSystem system, Action assertion, TimeSpan? timeout = null)
    {
        Exception? last = null;
        var passed = Condition(system, () => (last = Try(assertion)) is null, timeout);
        if (!passed)
        {
            throw new ExpectationException($"The assertion never came true: {last?.Message}", last);
        }
    }

    private static Exception? Try(Action assertion)
    {
        try
        {
            assertion();
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }
}
