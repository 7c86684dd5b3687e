using System.Text.Json;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Reads what an endpoint answered; what is no answer of etcd's API becomes <see cref="EngineErrorKind.BadAnswer"/>.</summary>
internal static class AnswerReader
{
    public static EngineAnswer Read(EngineRequest request, ReadOnlyMemory<byte> body)
    {
        using var document = FieldReader.Parse(body, out var wrong);
        if (document is null)
        {
            return Bad(request, wrong);
        }

        var fields = new FieldReader();
        var root = document.RootElement;
        if (request is KeepAliveRequest)
        {
            if (fields.Object(root, "result") is not { } result)
            {
                return fields.TryGet(root, "error", out _)
                    ? Failed(request, ErrorJson.Read(200, body))
                    : Bad(request, "a keep-alive's answer has no result");
            }

            root = result;
        }

        var answer = ReadAnswer(fields, request, root);
        return fields.Error is null ? answer : Bad(request, fields.Error);
    }

    /// <summary>One line of a watch.</summary>
    public static IReadOnlyList<WatchNotice> ReadNotices(ReadOnlyMemory<byte> line)
    {
        using var document = FieldReader.Parse(line, out var wrong);
        if (document is null)
        {
            return [BadWatch(wrong)];
        }

        var fields = new FieldReader();
        if (fields.TryGet(document.RootElement, "error", out _))
        {
            return [new WatchEnded(ErrorJson.Read(200, line))];
        }

        if (fields.Object(document.RootElement, "result") is not { } result)
        {
            return [BadWatch("a line of a watch has no result")];
        }

        var notices = ReadNotices(fields, result);
        return fields.Error is null ? notices : [BadWatch(fields.Error)];
    }

    public static string? ReadToken(ReadOnlyMemory<byte> body)
    {
        using var document = FieldReader.Parse(body, out _);
        var fields = new FieldReader();
        return document is not null && fields.Text(document.RootElement, "token") is { Length: > 0 and <= MaximumTokenLength } token ? token : null;
    }

    private static List<WatchNotice> ReadNotices(FieldReader fields, JsonElement result)
    {
        var header = ReadHeader(fields, result);
        List<WatchNotice> notices = [];
        var isEnd = fields.Boolean(result, "canceled");
        if (fields.Boolean(result, "created") && !isEnd)
        {
            notices.Add(new WatchCreated(header));
        }

        var events = fields.Objects(result, "events", MaximumElements);
        if (events.Count > 0 || (notices.Count == 0 && !isEnd))
        {
            notices.Add(new WatchEvents(header, [.. events.Select(element => ReadEvent(fields, element))]));
        }

        if (isEnd)
        {
            var compacted = fields.Int64(result, "compact_revision");
            var reason = fields.Text(result, "cancel_reason");
            notices.Add(new WatchEnded(EndOf(compacted, reason), compacted));
        }

        return notices;
    }

    private static EngineError EndOf(long compacted, string reason)
    {
        var kind = compacted > 0 ? EngineErrorKind.Compacted
            : reason.Contains("user name is empty", StringComparison.Ordinal) || reason.Contains("auth token", StringComparison.Ordinal)
                ? EngineErrorKind.Unauthenticated
            : reason.Contains("permission denied", StringComparison.Ordinal) ? EngineErrorKind.Denied
            : EngineErrorKind.Other;
        return new EngineError(kind, reason.Length > 0 ? reason : "the engine ended the watch");
    }

    private static EngineSuccess ReadAnswer(FieldReader fields, EngineRequest request, JsonElement from)
    {
        var header = ReadHeader(fields, from);
        return request switch
        {
            RangeRequest => ReadRange(fields, from, header),
            PutRequest => new PutAnswer(header, fields.Object(from, "prev_kv") is { } previous ? ReadKey(fields, previous) : null),
            DeleteRequest => new DeleteAnswer(
                header, fields.Int64(from, "deleted"), [.. fields.Objects(from, "prev_kvs", MaximumElements).Select(element => ReadKey(fields, element))]),
            TransactionRequest transaction => ReadTransaction(fields, transaction, from, header),
            GrantLeaseRequest or KeepAliveRequest => new LeaseAnswer(header, fields.Int64(from, "ID"), fields.Int64(from, "TTL")),
            _ => new DoneAnswer(header),
        };
    }

    private static RangeAnswer ReadRange(FieldReader fields, JsonElement from, EngineHeader header) => new(
        header,
        [.. fields.Objects(from, "kvs", MaximumElements).Select(element => ReadKey(fields, element))],
        fields.Int64(from, "count"),
        fields.Boolean(from, "more"));

    private static TransactionAnswer ReadTransaction(FieldReader fields, TransactionRequest request, JsonElement from, EngineHeader header)
    {
        var succeeded = fields.Boolean(from, "succeeded");
        var operations = succeeded ? request.Then : request.Else;
        var elements = fields.Objects(from, "responses", RequestReader.MaximumOperations);
        if (elements.Count != operations.Count)
        {
            fields.Fail<bool>("responses", $"one for each of {operations.Count} operations");
            return new TransactionAnswer(header, succeeded, []);
        }

        return new TransactionAnswer(
            header, succeeded, [.. elements.Zip(operations, (element, operation) => ReadInner(fields, operation, element, header))]);
    }

    private static EngineSuccess ReadInner(FieldReader fields, EngineRequest operation, JsonElement from, EngineHeader header)
    {
        var name = operation switch
        {
            RangeRequest => "response_range",
            PutRequest => "response_put",
            _ => "response_delete_range",
        };
        if (fields.Object(from, name) is { } inner)
        {
            return ReadAnswer(fields, operation, inner) is var answer && answer.Header == EngineHeader.None ? WithHeader(answer, header) : answer;
        }

        fields.Fail<bool>("responses", name);
        return new DoneAnswer(header);
    }

    // The headers inside have a revision at most.
    private static EngineSuccess WithHeader(EngineSuccess answer, EngineHeader header) => answer with { Header = header };

    private static EngineHeader ReadHeader(FieldReader fields, JsonElement from) => fields.Object(from, "header") is { } header
        ? new EngineHeader(
            fields.UInt64(header, "cluster_id"), fields.UInt64(header, "member_id"), fields.Int64(header, "revision"), fields.UInt64(header, "raft_term"))
        : EngineHeader.None;

    private static KeyEvent ReadEvent(FieldReader fields, JsonElement from)
    {
        var isDelete = fields.OneOf(from, "type", EventTypes) == 1;
        if (fields.Object(from, "kv") is { } now)
        {
            return new KeyEvent(isDelete, ReadKey(fields, now), fields.Object(from, "prev_kv") is { } previous ? ReadKey(fields, previous) : null);
        }

        fields.Fail<bool>("kv", "an object");
        return new KeyEvent(isDelete, new KeyValue([], [], 0, 0, 0, 0), null);
    }

    private static KeyValue ReadKey(FieldReader fields, JsonElement from) => new(
        fields.Bytes(from, "key"),
        fields.Bytes(from, "value"),
        fields.Int64(from, "create_revision"),
        fields.Int64(from, "mod_revision"),
        fields.Int64(from, "version"),
        fields.Int64(from, "lease"));

    private static EngineFailure Bad(EngineRequest request, string reason) =>
        Failed(request, new EngineError(EngineErrorKind.BadAnswer, $"what came is no answer of etcd's API: {reason}"));

    private static EngineFailure Failed(EngineRequest request, EngineError error) => new(error, request.IsWrite);

    private static WatchEnded BadWatch(string reason) =>
        new(new EngineError(EngineErrorKind.BadAnswer, $"what came is no line of etcd's watch: {reason}"));

    private static readonly string[] EventTypes = ["PUT", "DELETE"];

    // The bytes of an answer are bounded already; this is what the smallest elements could make of them.
    private const int MaximumElements = 1 << 20;

    private const int MaximumTokenLength = 4096;
}
