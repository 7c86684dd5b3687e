using System.Net;
using Proxy.Kernel;

namespace Proxy.Actors;

// The names among the servers: resolved at the start and again in the background. Who comes before the first answers waits for them.
internal sealed partial class UpstreamActor
{
    private readonly HashSet<string> _unanswered = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _nameFaults = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<IActorRef, Pick> _waitingForNames = [];

    private sealed record Resolve(string Name);

    private sealed record Resolved(string Name, IPAddress[] Addresses);

    private sealed record NotResolved(string Name, string Text);

    private void ReceiveNames()
    {
        Receive<Resolve>(resolve => BeginResolving(resolve.Name));
        Receive<Resolved>(resolved => IsName(resolved.Name), resolved => HandleResolved(resolved.Name, resolved.Addresses));
        Receive<NotResolved>(failed => IsName(failed.Name), failed => HandleNotResolved(failed.Name, failed.Text));

        // Asked for before the settings changed.
        Receive<Resolved>(_ => { });
        Receive<NotResolved>(_ => { });
    }

    private void BeginResolving()
    {
        foreach (var name in _picker.Servers.Names)
        {
            _unanswered.Add(name);
            BeginResolving(name);
        }
    }

    private void BeginResolving(string name) => _ = _resolver.ResolveAsync(name, CancellationToken.None).PipeTo(
        Self, success: addresses => new Resolved(name, addresses), failure: fault => new NotResolved(name, fault.Message));

    private void HandleResolved(string name, IPAddress[] addresses)
    {
        if (addresses.Length == 0)
        {
            HandleNotResolved(name, $"{name} has no address");
            return;
        }

        _nameFaults.Remove(name);
        var servers = _picker.Servers.Resolve(name, addresses);
        if (!ReferenceEquals(servers, _picker.Servers))
        {
            SetServers(servers, isChecking: true);
        }

        HandleAnswered(name, Refresh);
    }

    /// <param name="isChecking">Whether the checks of servers follow at once.</param>
    private void SetServers(Policy.Balancing.ServerList servers, bool isChecking)
    {
        _picker.Servers = servers;
        var changes = _picker.Use((group, _, now) => group.SetServers(servers.Servers, now));
        EndChecking(changes.Removed);
        if (isChecking)
        {
            FollowCheckAddresses(changes.Kept);
            BeginChecking(changes.Added);
        }
    }

    private bool IsName(string name) => _picker.Servers.Names.Contains(name, StringComparer.OrdinalIgnoreCase);

    private void ForgetName(string name)
    {
        Context.Timers.Cancel(name);
        _nameFaults.Remove(name);
        if (_unanswered.Remove(name))
        {
            ServeWhoWaitsForNames();
        }
    }

    // The last good addresses stay in use; the first failure of a row is worth a warning.
    private void HandleNotResolved(string name, string text)
    {
        if (!_nameFaults.ContainsKey(name))
        {
            _log.Warning($"{_settings.Name}: cannot resolve {name}: {text}");
        }

        _nameFaults[name] = text;
        HandleAnswered(name, RetryAfterFailure);
    }

    private void HandleAnswered(string name, TimeSpan again)
    {
        Context.Timers.StartSingleTimer(name, new Resolve(name), again);
        _unanswered.Remove(name);
        ServeWhoWaitsForNames();
        ServeWaiting();
    }

    private void ServeWhoWaitsForNames()
    {
        var waiting = _waitingForNames.ToArray();
        _waitingForNames.Clear();
        foreach (var (asker, pick) in waiting)
        {
            if (!TryKeepForNames(asker, pick))
            {
                Serve(asker, pick);
            }
        }
    }

    /// <summary>Whether the asker has to wait for a name: none of the servers known so far is in service, and more may come.</summary>
    private bool TryKeepForNames(IActorRef asker, Pick pick)
    {
        if (_unanswered.Count == 0 || _picker.Use((group, _, _) => group.HasUsable) || _waitingForNames.Count >= _settings.Queue.MaximumWaiting)
        {
            return false;
        }

        _waitingForNames.Add(asker, pick);
        return true;
    }

    private void ForgetForNames(IActorRef asker) => _waitingForNames.Remove(asker);

    private string NamesText() => string.Join("; ", _nameFaults.Values.Distinct(StringComparer.Ordinal));

    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(30);

    // Somebody who mends a name server should not have to wait for the usual interval.
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(5);
}
