using System.Text.Json;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Requests as the bodies of etcd's gateway, and the paths they go to.</summary>
public static class RequestJson
{
    public const string WatchPath = "watch";

    public const string AuthenticatePath = "auth/authenticate";

    internal static readonly string[] Targets = ["VERSION", "CREATE", "MOD", "VALUE", "LEASE"];

    internal static readonly string[] Results = ["EQUAL", "GREATER", "LESS", "NOT_EQUAL"];

    /// <summary>Where a request is posted to, below <c>/v3/</c>.</summary>
    public static string PathOf(EngineRequest request) => request switch
    {
        RangeRequest => "kv/range",
        PutRequest => "kv/put",
        DeleteRequest => "kv/deleterange",
        TransactionRequest => "kv/txn",
        GrantLeaseRequest => "lease/grant",
        KeepAliveRequest => "lease/keepalive",
        RevokeLeaseRequest => "lease/revoke",
        CompactRequest => "kv/compaction",
        _ => throw new ArgumentException($"no path is known for {request.GetType().Name}", nameof(request)),
    };

    public static byte[] Write(EngineRequest request) => JsonText.Object(writer => WriteFields(writer, request));

    public static byte[] Write(WatchRequest request) => JsonText.Object(writer =>
    {
        writer.WriteStartObject("create_request");
        writer.Keys(request.Keys);
        writer.Int64("start_revision", request.StartRevision);
        writer.Flag("prev_kv", request.ReturnsPrevious);
        writer.WriteEndObject();
    });

    internal static byte[] WriteAuthenticate(string name, string password) => JsonText.Object(writer =>
    {
        writer.WriteString("name", name);
        writer.WriteString("password", password);
    });

    private static void WriteFields(Utf8JsonWriter writer, EngineRequest request)
    {
        switch (request)
        {
            case RangeRequest range:
                writer.Keys(range.Keys);
                writer.Int64("limit", range.Limit);
                writer.Int64("revision", range.Revision);
                writer.Int64("min_mod_revision", range.MinimumModRevision);
                writer.Flag("serializable", range.IsSerializable);
                writer.Flag("keys_only", range.IsKeysOnly);
                writer.Flag("count_only", range.IsCountOnly);
                break;
            case PutRequest put:
                writer.Bytes("key", put.Key);
                writer.Bytes("value", put.Value);
                writer.Int64("lease", put.Lease);
                writer.Flag("prev_kv", put.ReturnsPrevious);
                break;
            case DeleteRequest delete:
                writer.Keys(delete.Keys);
                writer.Flag("prev_kv", delete.ReturnsPrevious);
                break;
            case TransactionRequest transaction:
                writer.List("compare", transaction.If, comparison => WriteComparison(writer, comparison));
                writer.List("success", transaction.Then, operation => WriteOperation(writer, operation));
                writer.List("failure", transaction.Else, operation => WriteOperation(writer, operation));
                break;
            case GrantLeaseRequest grant:
                writer.Int64("TTL", grant.TtlSeconds);
                writer.Int64("ID", grant.Id);
                break;
            case KeepAliveRequest keepAlive:
                writer.Int64("ID", keepAlive.Id);
                break;
            case RevokeLeaseRequest revoke:
                writer.Int64("ID", revoke.Id);
                break;
            case CompactRequest compact:
                writer.Int64("revision", compact.Revision);
                break;
        }
    }

    private static void WriteComparison(Utf8JsonWriter writer, Comparison comparison)
    {
        writer.Bytes("key", comparison.Key);
        writer.WriteString("target", Targets[(int)comparison.Target]);
        writer.WriteString("result", Results[(int)comparison.Result]);
        if (comparison.Target == ComparisonTarget.Value)
        {
            // Left out it would be no value at all, and etcd compares that with nothing.
            writer.WriteBase64String("value", comparison.Value);
            return;
        }

        writer.WriteString(NumberField(comparison.Target), comparison.Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    internal static string NumberField(ComparisonTarget target) => target switch
    {
        ComparisonTarget.CreateRevision => "create_revision",
        ComparisonTarget.ModRevision => "mod_revision",
        ComparisonTarget.Lease => "lease",
        _ => "version",
    };

    private static void WriteOperation(Utf8JsonWriter writer, EngineRequest operation)
    {
        writer.WriteStartObject(operation switch
        {
            RangeRequest => "request_range",
            PutRequest => "request_put",
            DeleteRequest => "request_delete_range",
            _ => throw new ArgumentException($"a transaction cannot have a {operation.GetType().Name}", nameof(operation)),
        });
        WriteFields(writer, operation);
        writer.WriteEndObject();
    }
}
