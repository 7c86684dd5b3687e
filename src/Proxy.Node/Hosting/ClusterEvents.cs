using System.Globalization;
using Microsoft.Extensions.Logging;
using Proxy.Cluster;
using Proxy.Cluster.Members;
using Proxy.Kernel;

namespace Proxy.Node.Hosting;

/// <summary>Logs in words what happens in the cluster.</summary>
internal sealed class ClusterEvents : ReceiveActor
{
    private readonly ILogger _log;

    public ClusterEvents(ILogger log)
    {
        _log = log;
        Receive<ClusterEvent>(Write);
    }

    protected override void PreStart() => Context.System.EventStream.Subscribe<ClusterEvent>(Self);

    private void Write(ClusterEvent happened)
    {
        var (level, text) = happened switch
        {
            MemberRegistered registered => (LogLevel.Information, $"cluster: this node is a member as {registered.Record.Name}"),
            MemberUp up => (LogLevel.Information, $"cluster: {Describe(up.Member)} is up"),
            MemberLeaving leaving => (LogLevel.Information, $"cluster: {Describe(leaving.Member)} takes nothing new any more"),
            MemberRemoved removed => (LogLevel.Information, $"cluster: {Describe(removed.Member)} is gone"),
            UnreachableMember lost => (LogLevel.Warning, $"cluster: {Describe(lost.Member)} cannot be reached from here"),
            ReachableMember found => (LogLevel.Information, $"cluster: {Describe(found.Member)} can be reached again"),
            EngineAway away => (LogLevel.Warning, $"cluster: the engine is away{(away.Error is { } error ? $" ({error.Message})" : "")}; traffic goes on with the members that were known last"),
            EngineBack { IsAnother: true } => (LogLevel.Warning, "cluster: the engine is back and knows nothing of before (a seed that was restarted); members register again"),
            EngineBack => (LogLevel.Information, "cluster: the engine answers"),
            MemberClockDiffers clock => (LogLevel.Warning, Ahead(clock)),
            MemberVersionsDiffer versions => (LogLevel.Warning, $"cluster: members have different versions: {string.Join(", ", versions.Versions.Select(version => $"{version.Value} of {version.Key}"))}"),
            MemberUnreadable unreadable => (LogLevel.Warning, $"cluster: the record {unreadable.Key} cannot be read: {unreadable.Reason}"),
            ShareDividerChanged { FencingToken: not 0 } => (LogLevel.Information, "cluster: this node divides the shared limits from now on"),
            ShareDividerChanged => (LogLevel.Information, "cluster: this node divides the shared limits no more"),

            // The view comes with another event or is a change of load; a taken name is logged where it is found.
            _ => (LogLevel.None, ""),
        };
        if (level != LogLevel.None)
        {
            _log.Log(level, "{Text}", text);
        }
    }

    private static string Ahead(MemberClockDiffers clock)
    {
        var seconds = Math.Abs(clock.AheadMilliseconds / 1000.0).ToString("0.0", CultureInfo.InvariantCulture);
        return $"cluster: the clock of {clock.Member.Name} is {seconds} s {(clock.AheadMilliseconds > 0 ? "ahead of" : "behind")} the members' median";
    }

    private static string Describe(Member member) =>
        member.Record.Addresses is [var address, ..] ? $"{member.Name} ({address.Transport}://{address.Address})" : member.Name;
}
