using Proxy.Cluster.Engine;
using Proxy.Cluster.Json;

namespace Proxy.Cluster.Seeds;

public sealed partial class SeedStore
{
    private EngineAnswer HandleOne(EngineRequest request)
    {
        var error = CheckAll([request]);
        return error is null ? Apply([request])[0] : new EngineFailure(error);
    }

    private EngineAnswer Transact(TransactionRequest request)
    {
        if (Math.Max(request.If.Count, Math.Max(request.Then.Count, request.Else.Count)) > RequestReader.MaximumOperations)
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: too many operations in txn request");
        }

        if (request.If.Any(comparison => comparison.Key.Length == 0))
        {
            return Failed(EngineErrorKind.Invalid, "etcdserver: key is not provided");
        }

        var repeated = FindRepeated(request.Then) ?? FindRepeated(request.Else);
        if (repeated is not null)
        {
            return new EngineFailure(repeated);
        }

        var succeeded = request.If.All(Holds);
        var operations = succeeded ? request.Then : request.Else;
        var error = CheckAll(operations);
        if (error is not null)
        {
            return new EngineFailure(error);
        }

        var answers = Apply(operations);
        return answers.OfType<EngineFailure>().FirstOrDefault() is { } failure
            ? failure
            : new TransactionAnswer(Header, succeeded, [.. answers.Cast<EngineSuccess>()]);
    }

    // Reads cannot fail once they are checked, so nothing is half done. All at one revision, if anything changes at all.
    private List<EngineAnswer> Apply(IReadOnlyList<EngineRequest> operations)
    {
        List<KeyEvent> events = [];
        List<EngineAnswer> answers = [];
        foreach (var operation in operations)
        {
            answers.Add(operation switch
            {
                PutRequest put => Put(put, events),
                DeleteRequest delete => Delete(delete, events),
                _ => Range((RangeRequest)operation),
            });
        }

        if (events.Count > 0)
        {
            Commit(events);
        }

        return [.. answers.Select(answer => answer is EngineSuccess success ? success with { Header = Header } : answer)];
    }

    private void Commit(List<KeyEvent> events)
    {
        _revision++;
        _history.Add(_revision, events);
    }

    private PutAnswer Put(PutRequest request, List<KeyEvent> events)
    {
        var before = _keys.Find(request.Key);
        var revision = _revision + 1;
        var now = new KeyValue(request.Key, request.Value, before?.CreateRevision ?? revision, revision, (before?.Version ?? 0) + 1, request.Lease);
        Detach(before);
        if (request.Lease != 0)
        {
            _leases[request.Lease].Keys.Add(request.Key);
        }

        _keys.Set(now);
        events.Add(new KeyEvent(false, now, before));
        return new PutAnswer(Header, request.ReturnsPrevious ? before : null);
    }

    private DeleteAnswer Delete(DeleteRequest request, List<KeyEvent> events)
    {
        KeyValue[] gone = [.. _keys.In(request.Keys)];
        foreach (var value in gone)
        {
            Remove(value, events);
        }

        return new DeleteAnswer(Header, gone.Length, request.ReturnsPrevious ? gone : []);
    }

    private void Remove(KeyValue value, List<KeyEvent> events)
    {
        Detach(value);
        _keys.Remove(value.Key);
        events.Add(new KeyEvent(true, new KeyValue(value.Key, [], 0, _revision + 1, 0, 0), value));
    }

    private void Detach(KeyValue? value)
    {
        if (value is { Lease: not 0 } && _leases.TryGetValue(value.Lease, out var lease))
        {
            lease.Keys.Remove(value.Key);
        }
    }

    private bool Holds(Comparison comparison)
    {
        var value = _keys.Find(comparison.Key);
        if (comparison.Target == ComparisonTarget.Value && value is null)
        {
            return false;
        }

        var order = comparison.Target switch
        {
            ComparisonTarget.Value => value!.Value.AsSpan().SequenceCompareTo(comparison.Value),
            ComparisonTarget.CreateRevision => (value?.CreateRevision ?? 0).CompareTo(comparison.Number),
            ComparisonTarget.ModRevision => (value?.ModRevision ?? 0).CompareTo(comparison.Number),
            ComparisonTarget.Lease => (value?.Lease ?? 0).CompareTo(comparison.Number),
            _ => (value?.Version ?? 0).CompareTo(comparison.Number),
        };
        return comparison.Result switch
        {
            ComparisonResult.Equal => order == 0,
            ComparisonResult.NotEqual => order != 0,
            ComparisonResult.Greater => order > 0,
            _ => order < 0,
        };
    }

    private EngineError? CheckAll(IReadOnlyList<EngineRequest> operations)
    {
        var (keys, bytes) = (_keys.Count, _keys.Bytes);
        foreach (var operation in operations)
        {
            var error = operation switch
            {
                PutRequest put => CheckPut(put, ref keys, ref bytes),
                DeleteRequest { Keys.Start.Length: 0 } => new EngineError(EngineErrorKind.Invalid, "etcdserver: key is not provided"),
                RangeRequest range => (Range(range) as EngineFailure)?.Error,
                _ => null,
            };
            if (error is not null)
            {
                return error;
            }
        }

        return null;
    }

    private EngineError? CheckPut(PutRequest put, ref int keys, ref long bytes)
    {
        if (put.Key.Length == 0)
        {
            return new EngineError(EngineErrorKind.Invalid, "etcdserver: key is not provided");
        }

        if (put.Key.Length > _limits.KeyBytes || put.Value.Length > _limits.ValueBytes)
        {
            return new EngineError(EngineErrorKind.Invalid, "etcdserver: request is too large");
        }

        if (put.Lease != 0 && !_leases.ContainsKey(put.Lease))
        {
            return new EngineError(EngineErrorKind.NotFound, "etcdserver: requested lease not found");
        }

        keys += _keys.Find(put.Key) is null ? 1 : 0;
        bytes += put.Key.Length + put.Value.Length;
        return keys > _limits.Keys || bytes > _limits.TotalBytes
            ? new EngineError(EngineErrorKind.Exhausted, "etcdserver: mvcc: database space exceeded")
            : null;
    }

    // As etcd: a key is put once in a list, and not put where the list deletes too.
    private static EngineError? FindRepeated(IReadOnlyList<EngineRequest> operations)
    {
        var puts = new SortedSet<byte[]>(KeyOrder.Instance);
        foreach (var operation in operations)
        {
            if (operation is PutRequest put && !puts.Add(put.Key))
            {
                return Repeated;
            }
        }

        return operations.OfType<DeleteRequest>().Any(delete => puts.Any(key => delete.Keys.Contains(key))) ? Repeated : null;
    }

    private static readonly EngineError Repeated = new(EngineErrorKind.Invalid, "etcdserver: duplicate key given in txn request");
}
