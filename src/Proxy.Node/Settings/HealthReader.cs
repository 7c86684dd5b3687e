using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy.Health;

namespace Proxy.Node.Settings;

/// <summary>Active checks of an upstream's servers, as far as they were read: entries take over what they do not say themselves.</summary>
internal sealed record HealthSettings
{
    public static readonly HealthSettings Default = new();

    public HealthType Type { get; init; }

    public CheckSettings Times { get; init; } = CheckSettings.Default;

    public bool EndsSessionsOnDown { get; init; }

    public string Path { get; init; } = "/";

    public string Method { get; init; } = "GET";

    public string Host { get; init; } = "localhost";

    public string Statuses { get; init; } = HttpStatusSet.Default.Text;

    public string Send { get; init; } = "";

    public string Expect { get; init; } = "";

    public int WithinBytes { get; init; } = SendExpectCheck.DefaultWithinBytes;
}

internal enum HealthType
{
    Off,
    Tcp,
    Http,
    Text,
}

internal static class HealthReader
{
    public static HealthSettings Read(SettingsObject health, HealthSettings missing)
    {
        if (!health.IsThere)
        {
            return missing;
        }

        var http = health.Inside("http");
        var text = health.Inside("text");
        var type = health.Choice("type", missing.Type, ("off", HealthType.Off), ("tcp", HealthType.Tcp), ("http", HealthType.Http), ("text", HealthType.Text));
        if (type == HealthType.Off && health.Keys.Any() && !health.Keys.Contains("type"))
        {
            health.Wrong("no server is checked, so nothing in here has an effect", "set type");
        }

        return new HealthSettings
        {
            Type = type,
            Times = missing.Times with
            {
                Interval = health.Wait("interval", missing.Times.Interval),
                Timeout = health.Wait("timeout", missing.Times.Timeout),
                Up = health.Whole("up", missing.Times.Up, 1, int.MaxValue),
                Down = health.Whole("down", missing.Times.Down, 1, int.MaxValue),
            },
            EndsSessionsOnDown = health.Choice("on-down", missing.EndsSessionsOnDown, ("keep", false), ("end-sessions", true)),
            Path = http.Text("path", missing.Path),
            Method = http.Text("method", missing.Method),
            Host = http.Text("host", missing.Host),
            Statuses = http.Text("statuses", missing.Statuses),
            Send = text.Text("send", missing.Send),
            Expect = text.Text("expect", missing.Expect),
            WithinBytes = text.Size("within", missing.WithinBytes, 1, SendExpectCheck.MaximumWithinBytes),
        };
    }

    /// <summary>The check that the settings ask for; null: none, or it cannot be, which <paramref name="place"/> is told.</summary>
    public static HealthCheckSettings? Build(HealthSettings health, SettingsObject place)
    {
        try
        {
            var error = "";
            CheckKind? kind = health.Type switch
            {
                HealthType.Tcp => new TcpCheck(),
                HealthType.Http when HttpStatusSet.TryParse(health.Statuses, out var statuses, out error)
                    && HttpCheck.TryCreate(health.Method, health.Path, health.Host, statuses, out var check, out error) => check,
                HealthType.Text when SendExpectCheck.TryCreate(
                    EscapedText.Read(health.Send, "send"), EscapedText.Read(health.Expect, "expect"), health.WithinBytes, out var check, out error) => check,
                _ => null,
            };
            if (error.Length > 0)
            {
                place.WrongAt("health", $"the health check cannot be: {error}");
            }

            return kind is null ? null : new HealthCheckSettings(kind, health.Times);
        }
        catch (UsageException wrong)
        {
            place.WrongAt("health", $"the health check cannot be: {wrong.Message}");
            return null;
        }
    }
}
