using Proxy.Policy.Rules;

namespace Proxy.Policy.Limits;

/// <summary>
/// A connection's place: in the queue first, if it had to wait, then among the admitted. Belongs to the <see cref="Admission"/> that gave it.
/// </summary>
public sealed class AdmissionLease
{
    internal AdmissionLease()
    {
    }

    /// <summary>Whatever the caller wants to find again when a queued connection is admitted or refused.</summary>
    public object? Tag { get; set; }

    internal LeaseState State { get; set; }

    /// <summary>As whose it counts; null: not known yet.</summary>
    public NetworkAddress? Source { get; internal set; }

    internal long QueuedAtMicroseconds { get; set; }

    internal AdmissionLease? Previous { get; set; }

    internal AdmissionLease? Next { get; set; }
}

internal enum LeaseState
{
    Queued,
    Admitted,
    Released,
}
