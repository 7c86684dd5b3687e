using System.Net;
using Proxy.Node.Commands;
using Proxy.Node.Names;
using Proxy.Policy.Names;

namespace Proxy.Node.Settings;

/// <summary>Who is asked about names, and how long answers are kept.</summary>
internal static class NamesReader
{
    private const int Port = 53;
    private const int MostNames = 1_000_000;

    public static NameSettings Read(SettingsObject dns)
    {
        var (missing, cache) = (NameSettings.Default, NameSettings.Default.Cache);
        return !dns.IsThere ? missing : new NameSettings
        {
            Servers = dns.Find("servers") is { } list ? ReadServers(list) : missing.Servers,
            Timeout = dns.Wait("timeout", missing.Timeout),
            Cache = new NameCacheSettings
            {
                LeastAge = dns.Duration("min-ttl", cache.LeastAge),
                MostAge = dns.Duration("max-ttl", cache.MostAge),
                NegativeAge = dns.Duration("negative-ttl", cache.NegativeAge),
                StaleAge = dns.Duration("stale", cache.StaleAge),
                Names = dns.Whole("names", cache.Names, 1, MostNames),
            },
        };
    }

    private static IPEndPoint[] ReadServers(SettingsValue list)
    {
        var servers = new List<IPEndPoint>();
        foreach (var item in list.List())
        {
            if (item.TryParse(text => Parse(text, ""), out var server))
            {
                servers.Add(server);
            }
        }

        return servers.Count == 0 ? [] : [.. servers];
    }

    public static IPEndPoint Parse(string text, string option)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            return new IPEndPoint(address, Port);
        }

        return IPEndPoint.TryParse(text, out var endPoint) && endPoint.Port != 0
            ? endPoint
            : throw new UsageException($"{(option.Length > 0 ? option + " " : "")}'{text}': the address of a name server is expected, such as 192.0.2.53 or [2001:db8::53]:5353");
    }
}
