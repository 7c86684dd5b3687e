using System.Collections.Immutable;

namespace Proxy.Cluster.Members;

/// <summary>Something about the members, published on the event stream.</summary>
public abstract record ClusterEvent
{
    private protected ClusterEvent()
    {
    }
}

/// <summary>It takes new streams: it is new, or was not up before.</summary>
public sealed record MemberUp(Member Member) : ClusterEvent;

/// <summary>It takes nothing new any more; what runs may finish.</summary>
public sealed record MemberLeaving(Member Member) : ClusterEvent;

/// <summary>It is gone: it left, or its lease has run out.</summary>
public sealed record MemberRemoved(Member Member) : ClusterEvent;

/// <summary>Nodes here cannot reach it, whatever the engine says; told by who tried, such as tunnels.</summary>
public sealed record UnreachableMember(Member Member) : ClusterEvent;

/// <summary>It is reached again.</summary>
public sealed record ReachableMember(Member Member) : ClusterEvent;

/// <summary>Something of the view has changed; every other event comes with one of these.</summary>
public sealed record MemberViewChanged(MemberView View) : ClusterEvent;

/// <summary>A member's clock is more than 10 s from the members' median.</summary>
/// <param name="Member">Which.</param>
/// <param name="AheadMilliseconds">How far it is ahead; negative: behind.</param>
public sealed record MemberClockDiffers(Member Member, long AheadMilliseconds) : ClusterEvent;

/// <summary>Not all members are of one version: a rolling upgrade, or one that was forgotten.</summary>
/// <param name="Versions">The versions, and how many members have each.</param>
public sealed record MemberVersionsDiffer(ImmutableSortedDictionary<string, int> Versions) : ClusterEvent;

/// <summary>A key below the members' is no record of one.</summary>
/// <param name="Key">Which.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record MemberUnreadable(string Key, string Reason) : ClusterEvent;

/// <summary>Makes views of members from a mirror's changes, and says what they mean. Pure.</summary>
/// <param name="prefix">What members' keys begin with; other keys are passed over.</param>
internal sealed class MemberTable(string prefix)
{
    private readonly HashSet<string> _unreadable = [];
    private readonly ClockComparison _clocks = new();
    private readonly List<ClusterEvent> _events = [];
    private string _versions = "";
    private bool _areVersionsNew;

    public MemberView View { get; private set; } = MemberView.Empty;

    /// <summary>What has happened since it was asked last.</summary>
    public IReadOnlyList<ClusterEvent> TakeEvents()
    {
        ClusterEvent[] taken = [.. _events];
        _events.Clear();
        return taken;
    }

    /// <summary>Takes in what the mirror has. Whether the view is another one.</summary>
    /// <param name="other">What to do with keys that are no members'.</param>
    public bool Update(KeyMirror mirror, long unixMilliseconds, Action<KeyChange> other)
    {
        var members = View.Members.ToBuilder();
        while (mirror.TryTakeChange(out var change))
        {
            if (change.Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                Apply(members, change.Key[prefix.Length..], change, unixMilliseconds);
            }
            else
            {
                other(change);
            }
        }

        var next = View with
        {
            ClusterId = mirror.ClusterId,
            Revision = mirror.Revision,
            Members = members.ToImmutable(),
            IsStale = mirror.IsStale,
            StaleSinceMicroseconds = mirror.StaleSinceMicroseconds,
            UnreadableRecords = _unreadable.Count,
        };
        if (next.Members == View.Members && next.IsStale == View.IsStale && next.ClusterId == View.ClusterId
            && next.UnreadableRecords == View.UnreadableRecords)
        {
            // The revision of other keys alone is no news.
            return false;
        }

        var areVersionsNew = _areVersionsNew;
        _areVersionsNew = false;
        View = next with { Sequence = View.Sequence + 1 };
        if (areVersionsNew)
        {
            CompareVersions();
        }

        _events.Add(new MemberViewChanged(View));
        return true;
    }

    private void Apply(ImmutableSortedDictionary<string, Member>.Builder members, string name, KeyChange change, long unixMilliseconds)
    {
        members.TryGetValue(name, out var before);
        if (change.Now is not { } value)
        {
            _unreadable.Remove(name);
            Remove(members, name, before);
            return;
        }

        if (!MemberJson.TryRead(value.Value, name, out var record, out var reason))
        {
            _unreadable.Add(name);
            _events.Add(new MemberUnreadable(change.Key, reason));
            Remove(members, name, before);
            return;
        }

        _unreadable.Remove(name);
        _areVersionsNew |= before?.Record.Version != record.Version;
        var now = new Member(record, value.CreateRevision, value.ModRevision);
        members[name] = now;
        if (change.IsLive && _clocks.Compare(name, record.ClockMilliseconds - unixMilliseconds) is { } ahead)
        {
            _events.Add(new MemberClockDiffers(now, ahead));
        }

        var wasUp = before?.Record.State == MemberState.Up && before.Record.Identity == record.Identity
            && before.Record.StartedAtMilliseconds == record.StartedAtMilliseconds;
        if (record.State == MemberState.Up && !wasUp)
        {
            _events.Add(new MemberUp(now));
        }
        else if (record.State >= MemberState.Draining && (before is null || before.Record.State < MemberState.Draining))
        {
            _events.Add(new MemberLeaving(now));
        }
    }

    private void Remove(ImmutableSortedDictionary<string, Member>.Builder members, string name, Member? before)
    {
        _clocks.Forget(name);
        if (before is not null)
        {
            members.Remove(name);
            _areVersionsNew = true;
            _events.Add(new MemberRemoved(before));
        }
    }

    private void CompareVersions()
    {
        var versions = View.Members.Values.GroupBy(member => member.Record.Version)
            .ToImmutableSortedDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var text = string.Join('\n', versions.Keys);
        if (text != _versions && versions.Count > 1)
        {
            _events.Add(new MemberVersionsDiffer(versions));
        }

        _versions = text;
    }
}
