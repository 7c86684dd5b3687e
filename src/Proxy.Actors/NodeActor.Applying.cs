using System.Net;
using Proxy.Kernel;
using Proxy.Transport;

namespace Proxy.Actors;

// Settings put in force, the first ones and all after them: everything that is to be bound is bound first, and only then is anything changed.
public sealed partial class NodeActor
{
    private (NodeSettings Settings, IActorRef Asker)? _next;

    /// <summary>
    /// Takes these settings in the place of those in force; checked as those of the start were. Answered by <see cref="Applied"/> or
    /// <see cref="ApplyFailed"/>. Of those that come while others are being applied the latest is next.
    /// </summary>
    public sealed record Apply(NodeSettings Settings);

    /// <summary>They are in force, all but what needs a restart.</summary>
    /// <param name="Plan">What was done; empty: nothing was different.</param>
    public sealed record Applied(SettingsPlan Plan);

    /// <summary>Nothing was changed.</summary>
    public sealed record ApplyFailed(IReadOnlyList<string> Errors);

    /// <summary>What would <see cref="Apply"/> do? Answered by a <see cref="SettingsPlan"/>; nothing is bound to find out.</summary>
    public sealed record GetPlan(NodeSettings Settings);

    private void HandleApply(NodeSettings settings, IActorRef asker)
    {
        var plan = SettingsPlan.Between(_settings, settings);
        LookAtCertificates();
        if (plan.IsEmpty)
        {
            asker.Tell(new Applied(plan));
            return;
        }

        Bind(plan, asker, isStart: false);
    }

    private void Bind(SettingsPlan plan, IActorRef asker, bool isStart)
    {
        var binding = new Binding(plan, asker, isStart);
        BindServers(binding);
        BindFrontends(binding);
        Become(() => WaitingForListeners(binding));
        GoOnWhenAllHaveAnswered(binding);
    }

    // States

    private void WaitingForListeners(Binding binding)
    {
        Receive<Bound>(_ => binding.IsAwaited(Sender), bound =>
        {
            binding.Urls[Sender] = bound.Url;
            NoteUrl(Sender, bound.Url);
            GoOnWhenAllHaveAnswered(binding);
        });
        Receive<BindFailed>(failed => HandleBindFailed(binding, failed));
        Receive<Bound>(HandleBoundAgain);
        Receive<Terminated>(terminated => binding.Listeners.Contains(terminated.ActorRef), terminated => HandleNotBound(binding, terminated.ActorRef));
        ReceiveWhileBinding(binding);
    }

    /// <summary>Not all could be bound: those that were are given up, and only when their addresses are free again is that told.</summary>
    private void GivingUp(Binding binding)
    {
        Receive<Bound>(_ => { });
        Receive<BindFailed>(_ => { });
        Receive<Terminated>(terminated => binding.Listeners.Contains(terminated.ActorRef), terminated =>
        {
            HandleNotBound(binding, terminated.ActorRef);
        });
        ReceiveWhileBinding(binding);
    }

    private void ReceiveWhileBinding(Binding binding)
    {
        Receive<Apply>(apply => KeepForLater(apply.Settings, Sender));
        Receive<Terminated>(terminated => HandleGone(terminated.ActorRef));
        Receive<Drain>(_ =>
        {
            binding.Refuse("this node is being drained");
            _oldSecrets.AddRange(binding.NewServers.Values.Select(server => server.Secrets).OfType<SealedSecrets>());
            _next?.Asker.Tell(new ApplyFailed(["this node is being drained"]));
            BeginDraining();
        });
        ReceiveInEveryState();
    }

    private void KeepForLater(NodeSettings settings, IActorRef asker)
    {
        _next?.Asker.Tell(new ApplyFailed(["a later configuration took its place before its turn had come"]));
        _next = (settings, asker);
    }

    private void HandleBindFailed(Binding binding, BindFailed failed)
    {
        if (!binding.Listeners.Contains(Sender))
        {
            _log.Error($"cannot listen on {failed.Url} again: {failed.Fault}");
            return;
        }

        binding.Errors.Add($"cannot listen on {failed.Url}: {failed.Fault}");
    }

    private void HandleNotBound(Binding binding, IActorRef listener)
    {
        _listeners.Remove(listener);
        ForgetUrl(listener);
        binding.Listeners.Remove(listener);
        if (binding.Errors.Count == 0)
        {
            binding.Errors.Add($"{listener.Path.Name} has stopped before it was in force");
        }

        GoOnWhenAllHaveAnswered(binding);
    }

    private void GoOnWhenAllHaveAnswered(Binding binding)
    {
        if (binding.Listeners.Exists(binding.IsAwaited))
        {
            return;
        }

        if (binding.Errors.Count == 0)
        {
            Commit(binding);
            return;
        }

        if (binding.Listeners.Count > 0)
        {
            Become(() => GivingUp(binding));
            binding.Listeners.ForEach(Context.Stop);
            binding.Urls.Clear();
            return;
        }

        binding.DisposeSecrets();
        binding.Refuse();
        if (binding.IsStart)
        {
            Context.Stop(Self);
            return;
        }

        GoOn();
    }

    private void Commit(Binding binding)
    {
        var plan = binding.Plan;
        _connections.Change(plan.New.MaximumConnections ?? int.MaxValue);
        _accessLog = plan.New.AccessLog == _settings.AccessLog ? _accessLog : AccessLogOf(plan.New);
        _settings = plan.New;
        CommitUpstreams(plan.Upstreams.Steps);
        CommitTunnels(plan.Tunnels.Steps);
        if (binding.IsStart)
        {
            StartWarmHops();
        }

        CommitChainSets(plan.ChainSets.Steps);
        CommitServers(binding);
        CommitOnwardWays();
        CommitFrontends(binding);
        RetireUpstreams(plan.Upstreams.Steps);
        binding.Accept();
        GoOn();
    }

    private void GoOn()
    {
        Become(Running);
        if (_next is { } next)
        {
            _next = null;
            HandleApply(next.Settings, next.Asker);
        }
    }

    /// <summary>Listeners on the way to be bound, for settings that are not in force yet.</summary>
    private sealed class Binding(SettingsPlan plan, IActorRef asker, bool isStart)
    {
        public SettingsPlan Plan { get; } = plan;

        public bool IsStart { get; } = isStart;

        /// <summary>In the order of the settings.</summary>
        public List<IActorRef> Listeners { get; } = [];

        /// <summary>Of those that are bound.</summary>
        public Dictionary<IActorRef, string> Urls { get; } = [];

        public List<string> Errors { get; } = [];

        public Dictionary<FrontendSettings, IActorRef> Frontends { get; } = new(ReferenceEqualityComparer.Instance);

        public Dictionary<string, ServerPart> NewServers { get; } = new(StringComparer.Ordinal);

        public List<(string Server, TunnelListenAddress Address, IActorRef Listener)> ServerListeners { get; } = [];

        public List<(string Server, string Place, IActorRef Listener)> ChainListeners { get; } = [];

        /// <summary>Whether it is one of these and has not said yet that it is bound.</summary>
        public bool IsAwaited(IActorRef listener) => Listeners.Contains(listener) && !Urls.ContainsKey(listener);

        public void Accept() => asker.Tell(IsStart ? new Started([.. Listeners.Select(listener => Urls[listener])], [.. ServerListeners.Select(server => Urls[server.Listener])]) : new Applied(Plan));

        public void Refuse(string? reason = null)
        {
            IReadOnlyList<string> errors = reason is null ? Errors : [reason];
            asker.Tell(IsStart ? new StartFailed(string.Join("; ", errors)) : new ApplyFailed(errors));
        }

        public void DisposeSecrets()
        {
            foreach (var server in NewServers.Values)
            {
                server.Secrets?.Dispose();
            }
        }
    }
}
