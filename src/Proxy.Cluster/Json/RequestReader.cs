using System.Text.Json;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Reads what a stranger posted to the seed. False with the error where it is no request.</summary>
public static class RequestReader
{
    /// <summary>Operations of one transaction, as in etcd.</summary>
    public const int MaximumOperations = 128;

    /// <summary>Whether there is such a path below <c>/v3/</c>.</summary>
    public static bool IsPath(string path) => path is "kv/range" or "kv/put" or "kv/deleterange" or "kv/txn" or "kv/compaction"
        or "lease/grant" or "lease/keepalive" or "lease/revoke" or "kv/lease/revoke";

    public static bool TryRead(string path, ReadOnlyMemory<byte> body, out EngineRequest request, out EngineError? error)
    {
        request = null!;
        using var document = FieldReader.Parse(body, out var wrong);
        if (document is null)
        {
            error = Invalid(wrong);
            return false;
        }

        var fields = new FieldReader();
        var root = document.RootElement;
        request = path switch
        {
            "kv/range" => ReadRange(fields, root),
            "kv/put" => ReadPut(fields, root),
            "kv/deleterange" => ReadDelete(fields, root),
            "kv/txn" => ReadTransaction(fields, root),
            "kv/compaction" => new CompactRequest(fields.Int64(root, "revision")),
            "lease/grant" => new GrantLeaseRequest(fields.Int64(root, "TTL"), fields.Int64(root, "ID")),
            "lease/keepalive" => new KeepAliveRequest(fields.Int64(root, "ID")),
            _ => new RevokeLeaseRequest(fields.Int64(root, "ID")),
        };
        error = fields.Error is null ? null : Invalid(fields.Error);
        return error is null;
    }

    public static bool TryReadWatch(ReadOnlyMemory<byte> body, out WatchRequest request, out EngineError? error)
    {
        request = null!;
        using var document = FieldReader.Parse(body, out var wrong);
        if (document is null)
        {
            error = Invalid(wrong);
            return false;
        }

        var fields = new FieldReader();
        if (fields.Object(document.RootElement, "create_request") is { } create)
        {
            request = new WatchRequest(ReadKeys(fields, create), fields.Int64(create, "start_revision"))
            {
                ReturnsPrevious = fields.Boolean(create, "prev_kv"),
            };
        }
        else
        {
            fields.Fail<bool>("create_request", "an object");
        }

        error = fields.Error is null ? null : Invalid(fields.Error);
        return error is null;
    }

    public static bool TryReadAuthenticate(ReadOnlyMemory<byte> body, out string name, out string password)
    {
        (name, password) = ("", "");
        using var document = FieldReader.Parse(body, out _);
        if (document is null)
        {
            return false;
        }

        var fields = new FieldReader();
        name = fields.Text(document.RootElement, "name");
        password = fields.Text(document.RootElement, "password");
        return fields.Error is null;
    }

    private static KeyRange ReadKeys(FieldReader fields, JsonElement from) => new(fields.Bytes(from, "key"), fields.Bytes(from, "range_end"));

    private static RangeRequest ReadRange(FieldReader fields, JsonElement from) => new(ReadKeys(fields, from))
    {
        Limit = fields.Int64(from, "limit"),
        Revision = fields.Int64(from, "revision"),
        MinimumModRevision = fields.Int64(from, "min_mod_revision"),
        IsSerializable = fields.Boolean(from, "serializable"),
        IsKeysOnly = fields.Boolean(from, "keys_only"),
        IsCountOnly = fields.Boolean(from, "count_only"),
    };

    private static PutRequest ReadPut(FieldReader fields, JsonElement from) =>
        new(fields.Bytes(from, "key"), fields.Bytes(from, "value"), fields.Int64(from, "lease")) { ReturnsPrevious = fields.Boolean(from, "prev_kv") };

    private static DeleteRequest ReadDelete(FieldReader fields, JsonElement from) =>
        new(ReadKeys(fields, from)) { ReturnsPrevious = fields.Boolean(from, "prev_kv") };

    private static TransactionRequest ReadTransaction(FieldReader fields, JsonElement from) => new(
        [.. fields.Objects(from, "compare", int.MaxValue).Take(MaximumOperations + 1).Select(element => ReadComparison(fields, element))],
        ReadOperations(fields, from, "success"),
        ReadOperations(fields, from, "failure"));

    // One more than allowed is read, so that the store says it in etcd's words.
    private static List<EngineRequest> ReadOperations(FieldReader fields, JsonElement from, string name) =>
        [.. fields.Objects(from, name, int.MaxValue).Take(MaximumOperations + 1).Select(element => ReadOperation(fields, element))];

    private static Comparison ReadComparison(FieldReader fields, JsonElement from)
    {
        var target = (ComparisonTarget)fields.OneOf(from, "target", RequestJson.Targets);
        return new Comparison(
            fields.Bytes(from, "key"),
            target,
            (ComparisonResult)fields.OneOf(from, "result", RequestJson.Results),
            target == ComparisonTarget.Value ? 0 : fields.Int64(from, RequestJson.NumberField(target)),
            target == ComparisonTarget.Value ? fields.Bytes(from, "value") : []);
    }

    private static EngineRequest ReadOperation(FieldReader fields, JsonElement from)
    {
        if (fields.Object(from, "request_put") is { } put)
        {
            return ReadPut(fields, put);
        }

        if (fields.Object(from, "request_delete_range") is { } delete)
        {
            return ReadDelete(fields, delete);
        }

        if (fields.Object(from, "request_range") is { } range)
        {
            return ReadRange(fields, range);
        }

        fields.Fail<bool>("success, failure", "request_put, request_range or request_delete_range");
        return new DeleteRequest(new KeyRange([], []));
    }

    private static EngineError Invalid(string message) => new(EngineErrorKind.Invalid, message);
}
