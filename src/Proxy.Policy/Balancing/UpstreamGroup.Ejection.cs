using Proxy.Policy.Health;

namespace Proxy.Policy.Balancing;

// Servers whose connections fail are out of service for a time: passive health, judged by real traffic.
public sealed partial class UpstreamGroup
{
    private int EjectedCount => Ejected().Count();

    // One may always go, or a small group would have no ejection at all.
    private int MaximumEjected => _settings.Ejection is { MaximumPercent: > 0 } ejection
        ? Math.Max(1, _servers.Length * ejection.MaximumPercent / 100)
        : 0;

    /// <summary>When <see cref="HandleDeadline"/> has something to do; null: never, as things stand.</summary>
    public long? NextDeadlineMicroseconds => _servers.Min(server => server.EjectedUntilMicroseconds);

    /// <summary>
    /// How an attempt to use <paramref name="server"/> went. Enough failures eject it, unless too many servers are ejected already or it is
    /// the last one in service. Outcomes of a server out of service are counted and change nothing.
    /// </summary>
    public void HandleOutcome(UpstreamServer server, ServerOutcome outcome, long nowMicroseconds)
    {
        var isFailure = outcome is not (ServerOutcome.Success or ServerOutcome.Answered);
        server.TotalFailures += isFailure ? 1 : 0;
        if (server.History is not { } history || !server.IsUsable)
        {
            return;
        }

        history.Handle(outcome, nowMicroseconds);
        if (!isFailure)
        {
            return;
        }

        if (history.Judge(nowMicroseconds) is { } reason && EjectedCount < MaximumEjected && HasUsableBeside(server))
        {
            server.EjectedUntilMicroseconds = nowMicroseconds + history.NextEjectionMicroseconds(nowMicroseconds);
            server.TotalEjections++;
            RoomVersion++;
            Report(server, ServerChange.Ejected, nowMicroseconds, $"{reason}, the last: {outcome}");
        }
    }

    /// <summary>Brings back the servers whose time is over.</summary>
    public void HandleDeadline(long nowMicroseconds)
    {
        foreach (var server in _servers)
        {
            if (server.EjectedUntilMicroseconds <= nowMicroseconds)
            {
                EndEjection(server, "its time is over", nowMicroseconds);
            }
        }
    }

    // A shorter list allows fewer ejections, and when the last server in service is lost, a doubtful one is better than none.
    private void LiftExcessEjections(long nowMicroseconds)
    {
        while (EjectedCount > MaximumEjected)
        {
            EndEjection(Ejected().MinBy(server => server.EjectedUntilMicroseconds)!, "too many are ejected", nowMicroseconds);
        }

        if (!HasUsable && Ejected().Where(server => server.IsUsableButForEjection).MinBy(server => server.EjectedUntilMicroseconds) is { } best)
        {
            EndEjection(best, "no other server is left", nowMicroseconds);
        }
    }

    private void EndEjection(UpstreamServer server, string reason, long nowMicroseconds)
    {
        server.EjectedUntilMicroseconds = null;
        server.History?.HandleReturned(nowMicroseconds);
        Report(server, ServerChange.Returned, nowMicroseconds, reason);
        BringIntoService(server, nowMicroseconds);
    }

    private IEnumerable<UpstreamServer> Ejected() => _servers.Where(server => server.EjectedUntilMicroseconds is not null);

    private bool HasUsableBeside(UpstreamServer server) =>
        Array.Exists(_servers, other => other.IsUsable && !ReferenceEquals(other, server));
}
