using Microsoft.Extensions.Logging;
using Proxy.Actors;
using Proxy.Kernel;
using Proxy.Node.Hosting;

namespace Proxy.Node.Reloading;

/// <summary>
/// Puts the settings in force that its source gives: reads all of them, and if anything is wrong nothing changes. One reload at a time, whoever
/// asks for it; those who ask meanwhile wait. Thread-safe.
/// </summary>
internal sealed partial class Reloader : IDisposable
{
    private readonly IActorRef _node;
    private readonly Func<NewSettings> _read;
    private readonly ReloadTargets _targets;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _turn = new(1);
    private volatile NodeSettings _settings;
    private volatile HostSettings _host;
    private volatile ReloadStatus _status = ReloadStatus.None;
    private volatile IReadOnlyList<string> _files;

    /// <param name="settings">In force since the start.</param>
    /// <param name="files">What they were read from.</param>
    /// <param name="read">Reads them again.</param>
    public Reloader(IActorRef node, LoadedInForce settings, IReadOnlyList<string> files, Func<NewSettings> read, ReloadTargets targets, ILogger log)
    {
        (_node, _read, _targets, _log) = (node, read, targets, log);
        (_settings, _host, _files) = (settings.Node, settings.Host, files);
    }

    /// <summary>What the node does now.</summary>
    public NodeSettings Settings => _settings;

    public HostSettings Host => _host;

    public ReloadStatus Status => _status;

    /// <summary>What was read or looked for when the settings were last read, well or not.</summary>
    public IReadOnlyList<string> Files => _files;

    public void Dispose() => _turn.Dispose();

    /// <summary>Reads the settings and applies what is different.</summary>
    /// <param name="trigger">Who asks, for log and status.</param>
    public async Task<ReloadOutcome> ReloadAsync(string trigger)
    {
        await _turn.WaitAsync();
        try
        {
            var before = _status;
            var outcome = await ReloadInTurnAsync(trigger);
            _status = outcome switch
            {
                { IsDone: false } => before with { LastAt = _targets.Now(), Trigger = trigger, Result = "rejected", Errors = outcome.Errors, Changes = [] },
                { Changes.Count: 0 } => before with { LastAt = _targets.Now(), Trigger = trigger, Result = "unchanged", Errors = [], Changes = [], AwaitingRestart = [] },
                _ => new ReloadStatus(
                    before.Generation + 1,
                    _targets.Now(),
                    trigger,
                    "applied",
                    [],
                    outcome.Changes,
                    [.. outcome.Changes.Where(change => change.EndsWith(RestartEnding, StringComparison.Ordinal))]),
            };
            return outcome;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What would a reload do if its source gave these settings? Nothing is changed.</summary>
    public async Task<ReloadOutcome> PlanAsync(NewSettings settings)
    {
        if (settings.Settings is not { } read)
        {
            return ReloadOutcome.Refused(settings.Errors);
        }

        // Nothing is opened to find out: only whether it would be another log is of interest.
        var isSameLog = _targets.IsSameAccessLog(_host.AccessLog, read.Host.AccessLog);
        var node = _targets.Complete(read.Node, read.Host) with
        {
            AccessLog = isSameLog ? _settings.AccessLog : read.Host.AccessLog is null ? null : OtherLog,
        };
        var plan = await _node.Ask<SettingsPlan>(new NodeActor.GetPlan(node), AnswerTimeout);
        return new ReloadOutcome([.. plan.Changes.Concat(HostChanges.Between(_host, read.Host)).Select(change => change.ToString())], []);
    }

    private async Task<ReloadOutcome> ReloadInTurnAsync(string trigger)
    {
        var read = await Task.Run(_read);
        _files = read.Files;
        if (read.Settings is not { } settings)
        {
            return Reject(trigger, read.Errors);
        }

        NodeSettings node;
        try
        {
            node = _targets.Complete(settings.Node, settings.Host);
            node = node with { AccessLog = _targets.AccessLogs.For(settings.Host.AccessLog) };
        }
        catch (UsageException refused)
        {
            return Reject(trigger, [refused.Message]);
        }

        switch (await _node.Ask<object>(new NodeActor.Apply(node), AnswerTimeout))
        {
            case NodeActor.Applied applied:
                return Accept(trigger, applied.Plan, settings.Host);
            case NodeActor.ApplyFailed failed:
                return Reject(trigger, failed.Errors);
            default:
                return Reject(trigger, ["the node gave no answer"]);
        }
    }

    private ReloadOutcome Accept(string trigger, SettingsPlan plan, HostSettings host)
    {
        SettingsChange[] changes = [.. plan.Changes, .. HostChanges.Between(_host, host)];
        _settings = plan.New;
        if (host.LogLevel != _host.LogLevel)
        {
            _targets.SetLogLevel(host.LogLevel);
        }

        // What needs a restart is asked for until there is one.
        _host = host with { Admin = _host.Admin, IsAdminAsked = _host.IsAdminAsked, IsLogJson = _host.IsLogJson, HandOver = _host.HandOver };
        foreach (var change in changes)
        {
            LogChange(trigger, change);
        }

        LogDone(trigger, changes.Length);
        return new ReloadOutcome([.. changes.Select(change => change.ToString())], []);
    }

    private ReloadOutcome Reject(string trigger, IReadOnlyList<string> errors)
    {
        foreach (var error in errors)
        {
            LogError(trigger, error);
        }

        return ReloadOutcome.Refused(errors);
    }

    [LoggerMessage(1, LogLevel.Information, "{Trigger}: {Change}")]
    private partial void LogChange(string trigger, SettingsChange change);

    [LoggerMessage(2, LogLevel.Information, "{Trigger}: the settings were read again, {Count} changes")]
    private partial void LogDone(string trigger, int count);

    [LoggerMessage(3, LogLevel.Error, "{Trigger}: nothing was changed: {Error}")]
    private partial void LogError(string trigger, string error);

    private static readonly AccessLogSettings OtherLog = new(new NoLog(), AccessLogEvents.None, TimeSpan.Zero);
    private static readonly string RestartEnding = new SettingsChange("", "", ChangeEffect.Restart).ToString()[2..].TrimStart();

    // Binding is local; a loop that does not answer by then has worse troubles.
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    private sealed class NoLog : IAccessLogSink
    {
        public void Write(AccessLogEntry entry)
        {
            // Nobody is given it.
        }
    }
}

/// <summary>What a process runs under.</summary>
internal sealed record LoadedInForce(NodeSettings Node, HostSettings Host);
