using System.Diagnostics.CodeAnalysis;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

/// <summary>Who may come in, and how many.</summary>
internal sealed record GateSettings(AccessRules Rules, AdmissionSettings Limits);

/// <summary>
/// Decides whether a connection comes in before anything is made for it: first the rules, then the limits. Counts who was turned away, by
/// reason. One owner; time is the caller's.
/// </summary>
internal sealed class FrontendGate
{
    private readonly GateSettings _settings;
    private readonly Admission _admission;
    private long _denied;

    public FrontendGate(GateSettings settings, long nowMicroseconds)
    {
        _settings = settings;
        _admission = new Admission(settings.Limits, new ConnectionBudget(int.MaxValue), nowMicroseconds);
    }

    /// <summary>A lease that is to be given to <see cref="Leave"/>, or why there is none.</summary>
    public bool TryEnter(
        NetworkAddress source, DateTimeOffset now, long nowMicroseconds, [NotNullWhen(true)] out AdmissionLease? lease, out string refusal)
    {
        (lease, refusal) = (null, "");
        var decision = _settings.Rules.Decide(source, now);
        if (!decision.IsAllowed)
        {
            _denied++;
            refusal = $"denied by rule {decision.RuleName}";
            return false;
        }

        var result = _admission.TryAdmit(source, nowMicroseconds);
        if (result.Reason is { } reason)
        {
            refusal = TextOf(reason);
            return false;
        }

        lease = result.Lease!;
        return true;
    }

    public void Leave(AdmissionLease lease) => _admission.Release(lease);

    /// <summary>Every reason there is, also those that nobody was refused for.</summary>
    public IReadOnlyList<RefusalCount> Refusals() =>
    [
        new RefusalCount("denied", _denied),
        .. Reasons.Select(reason => new RefusalCount(reason.Name, _admission.RefusedTotal(reason.Reason))),
    ];

    private string TextOf(RefusalReason reason) => reason switch
    {
        RefusalReason.ListenerConnections => $"{_admission.ActiveCount} connections are open",
        RefusalReason.SourceConnections => $"its address has {_settings.Limits.MaximumConnectionsPerSource} connections",
        _ => $"{reason}",
    };

    // The reasons that the settings of a frontend can bring about.
    private static readonly (RefusalReason Reason, string Name)[] Reasons =
    [
        (RefusalReason.ListenerConnections, "frontend_connections"),
        (RefusalReason.SourceConnections, "source_connections"),
    ];
}
