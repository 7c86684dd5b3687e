namespace Proxy.Protocol.Sealing.Sessions;

/// <summary>
/// What may be sent to an address that has not proved that it wants it: <see cref="SealingLimits.AmplificationFactor"/> times the bytes that
/// came from there. One per address that is on trial; not thread-safe.
/// </summary>
public sealed class AmplificationLimit
{
    private long _allowedBytes;

    /// <summary>Whether the address has proved itself, and everything may be sent.</summary>
    public bool IsLifted { get; private set; }

    public void HandleReceived(int bytes) => _allowedBytes += (long)bytes * SealingLimits.AmplificationFactor;

    public bool Allows(int bytes) => IsLifted || bytes <= _allowedBytes;

    /// <summary>Takes the bytes from what may be sent; false when they are too many.</summary>
    public bool TryTake(int bytes)
    {
        if (!Allows(bytes))
        {
            return false;
        }

        _allowedBytes -= bytes;
        return true;
    }

    public void Lift() => IsLifted = true;
}
