using System.Globalization;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>One line at the end of a connection: who, whither, why, whose fault, how much, how long.</summary>
internal static class ConnectionLog
{
    /// <summary>What went as it should is for those who look closer; what did not is for everybody. Nothing is made of what nobody sees.</summary>
    public static void Write(ILoggingAdapter log, ConnectionRecord record, string target)
    {
        var level = record.Reason == EndReason.Completed ? LogLevel.Debug : LogLevel.Info;
        if (!log.IsEnabled(level))
        {
            return;
        }

        var fault = record.Reason.Fault();
        var line = $"{record.Frontend} {record.Client}{(record.Principal is { } principal ? $" ({principal})" : "")} -> {target}: {record.Reason.Text()}{(record.Detail.Length > 0 ? $" ({record.Detail})" : "")}"
            + $"{(fault == Fault.Nobody ? "" : $", fault: {fault.ToString().ToLowerInvariant()}")}"
            + $", {record.BytesFromClient} B up, {record.BytesFromUpstream} B down, {record.Duration(record.StartMicroseconds).TotalSeconds:0.000} s"
            + $"{TextOf("TLS", record.ClientTls)}{TextOf("server's TLS", record.UpstreamTls)}{TextOf("trace", record.TraceId?.ToString("x32", CultureInfo.InvariantCulture))}";
        if (level == LogLevel.Debug)
        {
            log.Debug(line);
        }
        else
        {
            log.Info(line);
        }
    }

    private static string TextOf(string what, string? value) => value is null ? "" : $", {what}: {value}";
}
