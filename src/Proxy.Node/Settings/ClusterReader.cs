using Proxy.Cluster.Members;
using Proxy.Node.Commands;
using Proxy.Node.Hosting;

namespace Proxy.Node.Settings;

/// <summary>The cluster that the node takes part in.</summary>
internal static class ClusterReader
{
    private const int MostSeconds = 3600;

    /// <param name="cluster">The object of that name.</param>
    /// <param name="identity">Who the node is, beyond its name; asked for only where there is a cluster.</param>
    /// <returns>Null: the node is on its own.</returns>
    public static ClusterHostSettings? Read(SettingsObject cluster, Func<string> identity)
    {
        var name = cluster.Text("name", "default");
        if (!MemberJson.IsName(name))
        {
            cluster.WrongAt("name", $"'{name}' cannot be a cluster's name", "letters, digits and . _ - : are expected");
        }

        var zone = ReadZone(cluster);
        var endpoints = ReadList(cluster, "endpoints", url => ClusterOptions.EndpointOf(url, ""));
        var lease = cluster.Wait("lease", TimeSpan.FromSeconds(5));
        if (lease < TimeSpan.FromSeconds(2) || lease > TimeSpan.FromSeconds(MostSeconds))
        {
            cluster.WrongAt("lease", "that is no lease", "2s to 1h is expected");
        }

        var user = cluster.Optional("user", missing: null, value => value.Text());
        var password = cluster.Optional("password-file", missing: null, value => ReadFile(value, path => ClusterOptions.ReadPassword(path, "")));
        if (user is null != cluster.Lacks("password-file"))
        {
            cluster.Wrong("user and password-file go together");
        }

        var settings = new ClusterHostSettings
        {
            Name = name,
            Endpoints = endpoints,
            LeaseSeconds = (int)Math.Ceiling(lease.TotalSeconds),
            UserName = user ?? "",
            Password = password ?? "",
            Authorities = cluster.Optional("ca", missing: null, value => ReadFile(value, path => ClusterOptions.ReadAuthorities(path, ""))),
            Advertised = ReadList(cluster, "advertise", url => ClusterOptions.AddressOf(url, "")),
            Zone = zone,
            Capacity = cluster.Whole("capacity", 0, 0, int.MaxValue),
        };
        return endpoints.Count == 0 ? null : settings with { Identity = identity() };
    }

    /// <summary>Empty: the node does not say where it is.</summary>
    private static string ReadZone(SettingsObject cluster)
    {
        var zone = cluster.Text("zone", "");
        if (zone.Length > 0 && !MemberJson.IsName(zone))
        {
            cluster.WrongAt("zone", $"'{zone}' cannot be a zone", "letters, digits and . _ - : are expected");
        }

        return zone;
    }

    private static List<T> ReadList<T>(SettingsObject cluster, string key, Func<string, T> parse)
        where T : class
    {
        var read = new List<T>();
        foreach (var item in cluster.Find(key)?.List() ?? [])
        {
            if (item.TryParse(parse, out var value))
            {
                read.Add(value);
            }
        }

        return read;
    }

    private static T? ReadFile<T>(SettingsValue value, Func<string, T> read)
        where T : class => value.TryParse(name => read(value.PathOf(name)), out var content) ? content : null;
}
