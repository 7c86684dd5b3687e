using System.Net;
using Proxy.Kernel.Event;
using Proxy.Protocol.Ends;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>One line at the end of a connection: who, whither, why, whose fault, how much, how long.</summary>
internal static class ConnectionLog
{
    public static string Line(
        string frontend, EndPoint? client, string target, EndReason reason, string detail, Relay? relay, TimeSpan duration) =>
        $"{frontend} {client} -> {target}: {reason.Text()}{(detail.Length > 0 ? $" ({detail})" : "")}"
        + $"{(reason.Fault() == Fault.Nobody ? "" : $", fault: {reason.Fault().ToString().ToLowerInvariant()}")}"
        + $", {relay?.BytesFromClient ?? 0} B up, {relay?.BytesFromUpstream ?? 0} B down, {duration.TotalSeconds:0.000} s";

    /// <summary>What went as it should is for those who look closer; what did not is for everybody.</summary>
    public static void Write(ILoggingAdapter log, EndReason reason, string line)
    {
        if (reason == EndReason.Completed)
        {
            log.Debug(line);
        }
        else
        {
            log.Info(line);
        }
    }
}
