using System.Buffers;
using System.Text.Json;
using Proxy.Actors;
using Proxy.Protocol.Ends;

namespace Proxy.Node.AccessLogs;

/// <summary>One JSON object a line. What is not known yet is null; names carry their unit.</summary>
internal sealed class JsonFormat : IAccessLogFormat
{
    public void Write(AccessLogEntry entry, ArrayBufferWriter<byte> target)
    {
        using (var json = new Utf8JsonWriter(target))
        {
            json.WriteStartObject();
            json.WriteString("time", entry.Time.UtcDateTime);
            json.WriteString("event", TextFormat.NameOf(entry.Event));
            json.WriteNumber("id", entry.Id);
            json.WriteString("frontend", entry.Frontend);
            json.WriteString("client", entry.Client.ToString());
            json.WriteString("peer", entry.Peer.ToString());
            json.WriteString("principal", entry.Principal);
            json.WriteString("server", entry.Server);
            json.WriteString("phase", entry.Phase.Text());
            json.WriteString("code", entry.TerminationCode);
            json.WriteString("reason", entry.Event == AccessLogEvents.End ? entry.Reason.Text() : null);
            json.WriteString("fault", entry.Event == AccessLogEvents.End ? entry.Reason.Fault().ToString().ToLowerInvariant() : null);
            json.WriteString("detail", entry.Detail);
            WriteMilliseconds(json, "wait_ms", entry.Wait);
            WriteMilliseconds(json, "connect_ms", entry.Connect);
            WriteMilliseconds(json, "duration_ms", entry.Duration);
            json.WriteNumber("bytes_from_client", entry.BytesFromClient);
            json.WriteNumber("bytes_from_upstream", entry.BytesFromUpstream);
            json.WriteNumber("retries", entry.Retries);
            json.WriteString("client_tls", entry.ClientTls);
            json.WriteString("upstream_tls", entry.UpstreamTls);
            json.WriteString("trace", TextFormat.TextOf(entry.TraceId));
            json.WriteEndObject();
        }

        target.Write("\n"u8);
    }

    public void WriteDropped(long lines, ArrayBufferWriter<byte> target)
    {
        using (var json = new Utf8JsonWriter(target))
        {
            json.WriteStartObject();
            json.WriteString("event", "dropped");
            json.WriteNumber("lines", lines);
            json.WriteEndObject();
        }

        target.Write("\n"u8);
    }

    private static void WriteMilliseconds(Utf8JsonWriter json, string name, TimeSpan? span)
    {
        if (span is { } time)
        {
            json.WriteNumber(name, Math.Round(time.TotalMilliseconds, 3));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
