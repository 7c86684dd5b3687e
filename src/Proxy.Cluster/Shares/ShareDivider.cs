using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Shares;

/// <summary>
/// Divides the shared limits among the nodes that report, for the one node that holds the lock. Pure: what was seen of reports and grants comes in,
/// one transaction goes out at a time, fenced by the lock. What is taken from a node is given to others only when it has said so, or when its lease
/// has ended; so at no moment do the shares that anybody may be going by sum up to more than the limit.
/// </summary>
/// <param name="usePrefix">What the reports' keys begin with.</param>
/// <param name="grantPrefix">What the grants' keys begin with.</param>
/// <param name="planKey">A key that every division writes and compares: of two that were made from the same view only one is done, however late the
/// other arrives.</param>
public sealed class ShareDivider(string usePrefix, string grantPrefix, string planKey)
{
    private readonly byte[] _plan = KeyText.Bytes(planKey);
    private long _nextAt;
    private long _waitRevision;
    private long _dividedRevision = -1;
    private long _noIncreaseBefore;
    private bool _isAsked;

    /// <summary>When to ask again, as far as time decides it; changes of what is seen are asked for at once, and wait as long.</summary>
    public long DueMicroseconds => _isAsked ? Clock.Never : _nextAt;

    /// <summary>
    /// Gives nothing to anybody before then: the engine has lost its memory, and nodes that cannot reach it may still go by what it had granted.
    /// </summary>
    public void Quarantine(long untilMicroseconds) => _noIncreaseBefore = Math.Max(_noIncreaseBefore, untilMicroseconds);

    /// <summary>The lock was taken anew: nothing is known of what was asked before.</summary>
    public void Restart()
    {
        _waitRevision = 0;
        _dividedRevision = -1;
        _isAsked = false;
    }

    /// <summary>What to ask the engine now, or null.</summary>
    /// <param name="fence">The lock's comparison.</param>
    /// <param name="seen">All keys of reports and grants, complete up to <paramref name="revision"/>.</param>
    /// <param name="revision">Of what was seen.</param>
    /// <param name="nowMicroseconds">Now.</param>
    public EngineRequest? Take(Comparison fence, IReadOnlyDictionary<string, KeyValue> seen, long revision, long nowMicroseconds)
    {
        if (_isAsked || nowMicroseconds < _nextAt)
        {
            return null;
        }

        _nextAt = nowMicroseconds + Interval;
        var mayIncrease = nowMicroseconds >= _noIncreaseBefore;
        if (revision < _waitRevision || (revision == _dividedRevision && mayIncrease))
        {
            return null;
        }

        _dividedRevision = mayIncrease ? revision : -1;
        var nodes = SharePlan.Read(usePrefix, grantPrefix, seen);
        SharePlan.Divide(nodes, mayIncrease);
        List<EngineRequest> writes = [];
        foreach (var node in nodes.Where(node => node.IsChanged).Take(NodesAtOnce))
        {
            var key = KeyText.Bytes(grantPrefix + node.Name);
            writes.Add(node.IsGone ? new DeleteRequest(new KeyRange(key, [])) : new PutRequest(key, ShareJson.Write(node.NextGrants())));
        }

        if (writes.Count == 0)
        {
            return null;
        }

        _isAsked = true;
        writes.Add(new PutRequest(_plan, []));
        return new TransactionRequest([fence, Comparison.IsChangedAt(_plan, seen.GetValueOrDefault(planKey)?.ModRevision ?? 0)], writes, []);
    }

    /// <summary>The answer to what was taken last.</summary>
    public void Answer(EngineAnswer answer)
    {
        _isAsked = false;
        if (answer is TransactionAnswer { Succeeded: true } done)
        {
            // What was written has to be seen before anything is divided again.
            _waitRevision = done.Header.Revision;
        }
        else
        {
            _dividedRevision = -1;
        }
    }

    private const long Interval = 500 * Clock.Millisecond;

    // A transaction has 128 operations at most, and one of them is the plan's.
    private const int NodesAtOnce = 100;
}
