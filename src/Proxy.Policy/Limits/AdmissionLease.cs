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

    // What it was counted under, which another prefix length in later settings does not change. Null: its source is not known yet.
    internal SourceKeys? Sources { get; set; }

    internal long QueuedAtMicroseconds { get; set; }

    internal LinkedListNode<AdmissionLease>? QueueNode { get; set; }
}

internal enum LeaseState
{
    Queued,
    Admitted,
    Released,
}

internal readonly record struct SourceKeys(NetworkAddress Address, Cidr Prefix);
