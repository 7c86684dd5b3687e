using System.Buffers;
using System.Globalization;
using System.Text;
using Proxy.Actors;
using Proxy.Protocol.Ends;

namespace Proxy.Node.AccessLogs;

/// <summary>
/// A line for people and for grep: time, event, number, frontend, client, server, termination code, then named figures, and the reason at the end.
/// <code>2026-11-25T20:15:03.120Z end 17 web 192.0.2.7:50122 -> 10.0.0.5:80 SD wait=0.1ms connect=0.4ms duration=12.050s up=512 down=0 retries=1 reset by upstream: …</code>
/// </summary>
internal sealed class TextFormat : IAccessLogFormat
{
    public void Write(AccessLogEntry entry, ArrayBufferWriter<byte> target)
    {
        var line = new StringBuilder(200);
        line.Append(CultureInfo.InvariantCulture, $"{entry.Time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {NameOf(entry.Event)} {entry.Id} ");
        Append(line, entry.Frontend);
        line.Append(CultureInfo.InvariantCulture, $" {entry.Client}");
        if (!entry.Peer.Equals(entry.Client))
        {
            line.Append(CultureInfo.InvariantCulture, $" by {entry.Peer}");
        }

        if (entry.Principal is { } principal)
        {
            line.Append(CultureInfo.InvariantCulture, $" ({principal})");
        }

        line.Append(" -> ");
        Append(line, entry.Server ?? "-");
        line.Append(CultureInfo.InvariantCulture, $" {entry.TerminationCode} wait={Milliseconds(entry.Wait)} connect={Milliseconds(entry.Connect)}");
        line.Append(CultureInfo.InvariantCulture, $" duration={entry.Duration.TotalSeconds:0.000}s");
        line.Append(CultureInfo.InvariantCulture, $" up={entry.BytesFromClient} down={entry.BytesFromUpstream} retries={entry.Retries}");
        Append(line, " tls", entry.ClientTls);
        Append(line, " server-tls", entry.UpstreamTls);
        if (TextOf(entry.TraceId) is { } trace)
        {
            line.Append(" trace=").Append(trace);
        }

        if (entry.Event == AccessLogEvents.End)
        {
            line.Append(' ').Append(entry.Reason.Text());
            if (entry.Detail.Length > 0)
            {
                line.Append(": ");
                Append(line, entry.Detail);
            }
        }

        line.Append('\n');
        Append(target, line);
    }

    public void WriteDropped(long lines, ArrayBufferWriter<byte> target) =>
        Append(target, new StringBuilder().Append(CultureInfo.InvariantCulture, $"# {lines} lines were lost: the log could not keep up\n"));

    internal static string NameOf(AccessLogEvents happened) => happened switch
    {
        AccessLogEvents.Start => "start",
        AccessLogEvents.Live => "live",
        _ => "end",
    };

    internal static string? TextOf(UInt128? traceId) => traceId?.ToString("x32", CultureInfo.InvariantCulture);

    private static string Milliseconds(TimeSpan? span) =>
        span is { } time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0}ms") : "-";

    private static void Append(StringBuilder line, string name, string? value)
    {
        if (value is not null)
        {
            line.Append(name).Append("=[");
            Append(line, value);
            line.Append(']');
        }
    }

    private static void Append(StringBuilder line, string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029)
            {
                line.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
            else
            {
                line.Append(rune);
            }
        }
    }

    private static void Append(ArrayBufferWriter<byte> target, StringBuilder line)
    {
        foreach (var chunk in line.GetChunks())
        {
            Encoding.UTF8.GetBytes(chunk.Span, target);
        }
    }
}
