using System.Text.Json;
using Proxy.Cluster.Engine;

namespace Proxy.Cluster.Json;

/// <summary>Answers and notices as etcd's gateway writes them.</summary>
public static class AnswerJson
{
    public static byte[] Write(EngineSuccess answer) => JsonText.Object(writer => WriteFields(writer, answer, hasHeader: true));

    /// <summary>A keep-alive's answer, which is one of a stream.</summary>
    public static byte[] WriteResult(EngineSuccess answer) => Result(writer => WriteFields(writer, answer, hasHeader: true));

    /// <summary>One line of a watch, without the end of line.</summary>
    public static byte[] Write(WatchNotice notice, EngineHeader header) => Result(writer =>
    {
        switch (notice)
        {
            case WatchCreated created:
                WriteHeader(writer, created.Header);
                writer.WriteBoolean("created", true);
                break;
            case WatchEvents events:
                WriteHeader(writer, events.Header);
                writer.List("events", events.Events, happened => WriteEvent(writer, happened));
                break;
            case WatchEnded ended:
                WriteHeader(writer, header);
                writer.WriteBoolean("canceled", true);
                writer.Int64("compact_revision", ended.CompactRevision);
                writer.WriteString("cancel_reason", ended.Error.Message);
                break;
        }
    });

    /// <summary>A watch that was refused: created and ended in one line.</summary>
    public static byte[] WriteRefusedWatch(EngineError error, EngineHeader header) => Result(writer =>
    {
        WriteHeader(writer, header);
        writer.WriteBoolean("created", true);
        writer.WriteBoolean("canceled", true);
        writer.WriteString("cancel_reason", error.Message);
    });

    public static byte[] WriteToken(string token, EngineHeader header) => JsonText.Object(writer =>
    {
        WriteHeader(writer, header);
        writer.WriteString("token", token);
    });

    private static byte[] Result(Action<Utf8JsonWriter> fields) => JsonText.Object(writer =>
    {
        writer.WriteStartObject("result");
        fields(writer);
        writer.WriteEndObject();
    });

    private static void WriteHeader(Utf8JsonWriter writer, EngineHeader header)
    {
        writer.WriteStartObject("header");
        writer.UInt64("cluster_id", header.ClusterId);
        writer.UInt64("member_id", header.MemberId);
        writer.Int64("revision", header.Revision);
        writer.UInt64("raft_term", header.RaftTerm);
        writer.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter writer, EngineSuccess answer, bool hasHeader)
    {
        if (hasHeader)
        {
            WriteHeader(writer, answer.Header);
        }

        switch (answer)
        {
            case RangeAnswer range:
                writer.List("kvs", range.Values, value => WriteKey(writer, value));
                writer.Flag("more", range.HasMore);
                writer.Int64("count", range.Count);
                break;
            case PutAnswer { Previous: { } previous }:
                writer.WriteStartObject("prev_kv");
                WriteKey(writer, previous);
                writer.WriteEndObject();
                break;
            case DeleteAnswer delete:
                writer.Int64("deleted", delete.Deleted);
                writer.List("prev_kvs", delete.Previous, value => WriteKey(writer, value));
                break;
            case TransactionAnswer transaction:
                writer.Flag("succeeded", transaction.Succeeded);
                writer.List("responses", transaction.Answers, inner => WriteInner(writer, inner));
                break;
            case LeaseAnswer lease:
                writer.Int64("ID", lease.Id);
                writer.Int64("TTL", lease.TtlSeconds);
                break;
        }
    }

    private static void WriteInner(Utf8JsonWriter writer, EngineSuccess answer)
    {
        writer.WriteStartObject(answer switch
        {
            RangeAnswer => "response_range",
            PutAnswer => "response_put",
            _ => "response_delete_range",
        });
        WriteFields(writer, answer, hasHeader: true);
        writer.WriteEndObject();
    }

    private static void WriteEvent(Utf8JsonWriter writer, KeyEvent happened)
    {
        if (happened.IsDelete)
        {
            writer.WriteString("type", "DELETE");
        }

        writer.WriteStartObject("kv");
        WriteKey(writer, happened.Now);
        writer.WriteEndObject();
        if (happened.Previous is { } previous)
        {
            writer.WriteStartObject("prev_kv");
            WriteKey(writer, previous);
            writer.WriteEndObject();
        }
    }

    private static void WriteKey(Utf8JsonWriter writer, KeyValue value)
    {
        writer.Bytes("key", value.Key);
        writer.Int64("create_revision", value.CreateRevision);
        writer.Int64("mod_revision", value.ModRevision);
        writer.Int64("version", value.Version);
        writer.Bytes("value", value.Value);
        writer.Int64("lease", value.Lease);
    }
}
