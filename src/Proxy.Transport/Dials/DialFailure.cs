using System.Net;

namespace Proxy.Transport.Dials;

/// <summary>Why no address could be reached.</summary>
/// <param name="Reason">The first attempt's fault; <see cref="TransportFaultKind.TimedOut"/> when the whole dial took too long.</param>
/// <param name="Attempts">Every attempt that failed, in the order in which they failed.</param>
public sealed record DialFailure(TransportFault Reason, IReadOnlyList<DialAttemptFault> Attempts)
{
    public override string ToString() =>
        Attempts.Count == 0 ? Reason.Text : Reason.Text + " (" + string.Join("; ", Attempts) + ")";
}

/// <summary>One address that could not be reached.</summary>
public readonly record struct DialAttemptFault(IPEndPoint EndPoint, TransportFault Fault)
{
    public override string ToString() => EndPoint + ": " + Fault.Text;
}
