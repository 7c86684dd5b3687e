using System.Numerics;

namespace Proxy.Actors;

/// <summary>What outlives one tunnel to a server, so that the log says what is new and not the same again and again. Touched on the pool's loop only.</summary>
internal sealed class TunnelHistory
{
    private long? _readyMicroseconds;

    /// <summary>Tunnels in a row that failed without having been up for a while.</summary>
    public int Failures { get; private set; }

    /// <summary>Of those the ones that had come up.</summary>
    public int ShortLives { get; private set; }

    /// <summary>Whether that a tunnel came up is news: of many short lives in a row fewer and fewer are.</summary>
    public bool IsReadyNews => ShortLives == 0 || BitOperations.IsPow2(ShortLives);

    public void HandleReady(long nowMicroseconds) => _readyMicroseconds = nowMicroseconds;

    /// <summary>Gives whether that a tunnel failed is news.</summary>
    public bool HandleFailed(long nowMicroseconds)
    {
        if (_readyMicroseconds is { } ready)
        {
            var isSteady = nowMicroseconds - ready >= SteadyMicroseconds;
            (Failures, ShortLives) = isSteady ? (0, 0) : (Failures, ShortLives + 1);
            _readyMicroseconds = null;
            Failures++;
            return isSteady || BitOperations.IsPow2(ShortLives);
        }

        return Failures++ == 0;
    }

    private const long SteadyMicroseconds = 5_000_000;
}
