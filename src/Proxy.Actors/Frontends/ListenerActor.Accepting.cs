using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Policy.Limits;
using Proxy.Policy.Rules;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>Who comes in, who waits, who is turned away and who hears of it.</summary>
internal sealed partial class ListenerActor
{
    /// <summary>One more in the queue: what was accepted is not in a mailbox, where it would be lost with the actor.</summary>
    private sealed record Accepted
    {
        public static readonly Accepted Instance = new();
    }

    private sealed record AcceptFailed(TransportFault Fault);

    private sealed record ReportDue(RefusalReason Reason);

    private void HandleAccepted()
    {
        if (!_accepted.TryDequeue(out var connection))
        {
            // Told to an earlier instance of this actor, which has refused it.
            return;
        }

        switch (_gate.Enter(NetworkAddress.From(connection.RemoteEndPoint.Address), Loop.NowMicroseconds, out var lease, out var refusal))
        {
            case AdmissionOutcome.Admitted:
                Serve(connection, lease!);
                break;
            case AdmissionOutcome.Queued:
                lease!.Tag = connection;
                AwaitPlace();
                break;
            default:
                Refuse(connection, refusal);
                break;
        }
    }

    /// <summary>Those that the kernel has given already; nobody else can serve them.</summary>
    private void ServeAccepted()
    {
        while (_accepted.Count > 0)
        {
            HandleAccepted();
        }
    }

    private void Serve(IAcceptedConnection connection, AdmissionLease lease)
    {
        _total++;
        var props = _plan.Connection!(connection);
        _connections.Add(Context.Watch(Context.ActorOf(_plan.IsUdp ? props.WithDispatcher(Context.Dispatcher) : props)), lease);
    }

    private void ServeWaiting()
    {
        if (_gate.WaitingCount == 0)
        {
            return;
        }

        while (_gate.TryTakeWaiting(Loop.NowMicroseconds, out var lease, out var refusal))
        {
            var connection = ConnectionOf(lease);
            if (refusal is { } reason)
            {
                Refuse(connection, reason);
            }
            else
            {
                Serve(connection, lease);
            }
        }

        AwaitPlace();
    }

    private void AwaitPlace()
    {
        if (_gate.MicrosecondsUntilQueueMoves(Loop.NowMicroseconds) is not { } wait)
        {
            Context.Timers.Cancel(Timer.QueueMoves);
            return;
        }

        // A timer rounds down to its tick of a millisecond: one that came too early would be set again and again within it.
        Context.Timers.StartSingleTimer(Timer.QueueMoves, Timer.QueueMoves, TimeSpan.FromMilliseconds((wait / 1000) + 1));
    }

    private void HandleGone(IActorRef connection)
    {
        if (_connections.Remove(connection, out var lease))
        {
            _gate.Leave(lease);
        }
    }

    private void HandleNamed(NetworkAddress client)
    {
        if (!_connections.TryGetValue(Sender, out var lease))
        {
            return;
        }

        if (_gate.TryName(lease, client, out var refusal))
        {
            Sender.Tell(ClientAllowed.Instance);
            return;
        }

        Report(refusal, client.ToIPAddress());
        Sender.Tell(new ClientRefused(refusal.EndReason, $"{client}: {refusal}"));
    }

    private void Refuse(IAcceptedConnection connection, in Refusal refusal)
    {
        if (_log.IsEnabled(LogLevel.Debug))
        {
            _log.Debug($"{_url}: refused {connection.RemoteEndPoint}: {refusal}");
        }

        Report(refusal, connection.RemoteEndPoint.Address);
        connection.Refuse();
    }

    private void DismissAll()
    {
        while (_accepted.TryDequeue(out var connection))
        {
            Refuse(connection, _gate.Dismiss());
        }

        while (_gate.TryDismissWaiting(out var lease, out var refusal))
        {
            Refuse(ConnectionOf(lease), refusal);
        }
    }

    private static IAcceptedConnection ConnectionOf(AdmissionLease lease)
    {
        var connection = (IAcceptedConnection)lease.Tag!;
        lease.Tag = null;
        return connection;
    }

    private void Report(in Refusal refusal, IPAddress client)
    {
        if (_report.Add(refusal, client) is { } line)
        {
            _log.Info($"{_url}: {line}");
            AwaitReport(refusal.Reason);
        }
    }

    private void HandleReportDue(RefusalReason reason)
    {
        if (_report.Sum(reason) is { } line)
        {
            _log.Info($"{_url}: {line}");
            AwaitReport(reason);
        }
    }

    private void AwaitReport(RefusalReason reason) =>
        Context.Timers.StartSingleTimer(reason, new ReportDue(reason), RefusalReport.Interval);

    private void ReportTheRest()
    {
        foreach (var reason in RefusalReasons.All)
        {
            if (_report.Sum(reason) is { } line)
            {
                _log.Info($"{_url}: {line}");
            }
        }
    }

    private void WarnOfCoveredRules(AccessRules rules)
    {
        foreach (var (index, by) in rules.FindCovered())
        {
            _log.Warning($"{_url}: rule '{rules.Rules[index].Name}' decides nothing: '{rules.Rules[by].Name}' before it matches all that it matches");
        }
    }

    private sealed class Acceptor(IActorRef owner, Queue<IAcceptedConnection> accepted) : IAcceptHandler
    {
        public void OnAccepted(IAcceptedConnection connection)
        {
            accepted.Enqueue(connection);
            owner.Tell(Accepted.Instance, ActorRefs.NoSender);
        }

        public void OnAcceptFailed(TransportFault fault) => owner.Tell(new AcceptFailed(fault), ActorRefs.NoSender);
    }
}
