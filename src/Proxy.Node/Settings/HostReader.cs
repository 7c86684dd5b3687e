using System.Net;
using Proxy.Actors;
using Proxy.Hocon;
using Proxy.Node.AccessLogs;
using Proxy.Node.Commands;
using Proxy.Node.Hosting;

namespace Proxy.Node.Settings;

/// <summary>How the process around the node behaves.</summary>
internal static class HostReader
{
    public static readonly HostSettings Default = new()
    {
        Admin = CommonOptions.DefaultAdmin,
        IsAdminAsked = false,
        Drain = TimeSpan.FromSeconds(30),
        LogLevel = Kernel.Event.LogLevel.Info,
        IsLogJson = false,
    };

    private static readonly TimeSpan AccessInterval = TimeSpan.FromSeconds(60);

    public static HostSettings Read(SettingsObject root)
    {
        var log = root.Inside("log");
        var admin = root.Inside("admin").Find("listen");
        return new HostSettings
        {
            Admin = admin is { } listen && listen.TryParse(text => Values.ListenEndPoint(text, ""), out var endPoint) ? endPoint : Default.Admin,

            IsAdminAsked = admin is { IsReference: false },
            Drain = root.Inside("node").Duration("drain", Default.Drain),
            LogLevel = log.Choice(
                "level",
                Default.LogLevel,
                ("debug", Kernel.Event.LogLevel.Debug),
                ("info", Kernel.Event.LogLevel.Info),
                ("warning", Kernel.Event.LogLevel.Warning),
                ("error", Kernel.Event.LogLevel.Error)),
            IsLogJson = IsJson(log, Default.IsLogJson),
            HandOver = root.Inside("node").Optional("hand-over", Default.HandOver, value => value.File()),
            Names = NamesReader.Read(root.Inside("dns")),
            AccessLog = ReadAccessLog(log.Inside("access")),
        };
    }

    private static AccessLogFile? ReadAccessLog(SettingsObject access)
    {
        var file = access.Optional("file", missing: null, value => value.Value is HoconScalar { Text: StandardOutput } ? StandardOutput : value.File());
        var isJson = IsJson(access, missing: false);
        var events = access.Find("events") is { } list ? ReadEvents(list) : AllEvents;
        var interval = access.Duration("interval", AccessInterval);
        return file is null ? null : new AccessLogFile(file, isJson ? new JsonFormat() : new TextFormat(), events, interval);
    }

    private static AccessLogEvents ReadEvents(SettingsValue list) => list.List().Aggregate(AccessLogEvents.None, (events, item) =>
        events | (item.Choice(("start", AccessLogEvents.Start), ("live", AccessLogEvents.Live), ("end", AccessLogEvents.End)) ?? AccessLogEvents.None));

    private static bool IsJson(SettingsObject log, bool missing) => log.Choice("format", missing, ("text", false), ("json", true));

    private const string StandardOutput = "-";
    private const AccessLogEvents AllEvents = AccessLogEvents.Start | AccessLogEvents.Live | AccessLogEvents.End;
}
