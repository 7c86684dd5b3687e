namespace Proxy.Policy.Limits;

public enum AdmissionOutcome
{
    Admitted,
    Queued,
    Refused,
}

/// <summary>
/// The answer to a connection: admitted or queued with a lease, which is to be released when the connection ends or leaves the queue; or refused
/// with a reason and no lease.
/// </summary>
public readonly record struct AdmissionResult
{
    private AdmissionResult(AdmissionOutcome outcome, AdmissionLease? lease, RefusalReason? reason)
    {
        (Outcome, Lease, Reason) = (outcome, lease, reason);
    }

    public AdmissionOutcome Outcome { get; }

    public AdmissionLease? Lease { get; }

    public RefusalReason? Reason { get; }

    internal static AdmissionResult Admitted(AdmissionLease lease) => new(AdmissionOutcome.Admitted, lease, null);

    internal static AdmissionResult Queued(AdmissionLease lease) => new(AdmissionOutcome.Queued, lease, null);

    internal static AdmissionResult Refused(RefusalReason reason) => new(AdmissionOutcome.Refused, null, reason);
}
