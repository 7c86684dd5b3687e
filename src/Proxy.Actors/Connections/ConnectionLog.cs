using System.Net;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>One line at the end of a connection: who, whither, why, whose fault, how much, how long.</summary>
internal static class ConnectionLog
{
    /// <summary>What went as it should is for those who look closer; what did not is for everybody. Nothing is made of what nobody sees.</summary>
    public static void Write(
        ILoggingAdapter log, string name, EndPoint? client, string target, EndReason reason, string detail, long bytesUp, long bytesDown, TimeSpan duration)
    {
        var level = reason == EndReason.Completed ? LogLevel.Debug : LogLevel.Info;
        if (!log.IsEnabled(level))
        {
            return;
        }

        var line = $"{name} {client} -> {target}: {reason.Text()}{(detail.Length > 0 ? $" ({detail})" : "")}"
            + $"{(reason.Fault() == Fault.Nobody ? "" : $", fault: {reason.Fault().ToString().ToLowerInvariant()}")}"
            + $", {bytesUp} B up, {bytesDown} B down, {duration.TotalSeconds:0.000} s";
        if (level == LogLevel.Debug)
        {
            log.Debug(line);
        }
        else
        {
            log.Info(line);
        }
    }

    public static void Write(ILoggingAdapter log, ConnectionRecord record, string target) => Write(
        log, record.Frontend, record.Client, target, record.Reason, record.Detail, record.BytesFromClient, record.BytesFromUpstream, record.Duration(0));
}
