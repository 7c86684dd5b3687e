using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Transport.Tls;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Settings;

/// <summary>What a tunnel says, over what the defaults say.</summary>
internal sealed record TunnelDraft
{
    public static readonly TunnelDraft Default = new();

    public IReadOnlyList<TunnelServer> Servers { get; init; } = [];

    public bool IsOfCluster { get; init; }

    public int ClusterServers { get; init; } = 3;

    public bool LearnsMembers { get; init; } = true;

    public TunnelBalance Balance { get; init; }

    public int Connections { get; init; } = 1;

    public TimeSpan RenewAfter { get; init; }

    public bool IsNative { get; init; } = true;

    public bool IsInsecure { get; init; }

    public PresharedKey? Key { get; init; }

    public byte[]? ServerKey { get; init; }

    public NativeTunnelSettings Kcp { get; init; } = NativeTunnelSettings.Default;

    public string? Authorities { get; init; }

    public string? Name { get; init; }

    public int MaximumWaiting { get; init; } = 10_000;
}

internal static class TunnelReader
{
    public static TunnelDraft Read(SettingsObject tunnel, TunnelDraft missing, SettingsReading reading)
    {
        var tls = tunnel.Inside("tls");
        return new TunnelDraft
        {
            Servers = tunnel.Find("servers") is { } servers ? ReadServers(servers) : missing.Servers,
            IsOfCluster = tunnel.Switch("cluster", missing.IsOfCluster),
            ClusterServers = tunnel.Whole("cluster-servers", missing.ClusterServers, 1, 1000),
            LearnsMembers = tunnel.Switch("members", missing.LearnsMembers),
            Balance = tunnel.Choice("balance", missing.Balance, ("random-two", TunnelBalance.RandomTwo), ("source", TunnelBalance.Source)),
            Connections = tunnel.Whole("connections", missing.Connections, 1, ClientCommand.MaximumConnections),
            RenewAfter = tunnel.Duration("renew-after", missing.RenewAfter),
            IsNative = DialectReader.ReadIsNative(tunnel, missing.IsNative),
            IsInsecure = tunnel.Switch("insecure", missing.IsInsecure),
            Key = tunnel.Inside("key").Optional("file", missing.Key, value => KeysReader.ReadKey(value, KeySource.DefaultName, reading)),
            ServerKey = tunnel.Optional("server-key", missing.ServerKey, value => value.TryParse(text => DialectOptions.ReadPublicKey(text, ""), out var key) ? key : null),
            Kcp = KcpReader.Read(tunnel.Inside("kcp"), missing.Kcp),
            Authorities = tls.Optional("ca", missing.Authorities, value => value.File()),
            Name = tls.Optional("name", missing.Name, value => value.Text()),
            MaximumWaiting = tunnel.Inside("limits").Whole("waiting", missing.MaximumWaiting, 0, int.MaxValue),
        };
    }

    public static TunnelPoolSettings Build(string name, TunnelDraft draft, SettingsObject place, NodeKeys keys, SettingsReading reading)
    {
        if (draft.Servers.Count == 0 && !draft.IsOfCluster && place.Lacks("servers"))
        {
            place.Wrong("a tunnel to nowhere", "servers = [\"kcp://HOST:PORT\"] or cluster = true");
        }
        else if (draft.Servers.Count > 0 && draft.IsOfCluster)
        {
            place.WrongAt("cluster", "servers and cluster do not go together: the cluster says which servers there are");
        }

        if (draft.IsOfCluster && !draft.IsNative && !draft.IsInsecure)
        {
            place.WrongAt("cluster", "a cluster's servers may be anywhere, and the vproxy dialect has no seal", "dialect = native, or insecure = true if that is meant");
        }

        var addresses = draft.Servers.SelectMany(server => server.Addresses);
        DialectReader.Check(place, draft.IsNative, draft.IsInsecure, addresses.Select(address =>
            (address.Transport, $"{address.Destination}", draft.IsNative ? [] : ClientCommand.AddressesOf(address.Destination))));
        var key = draft.Key ?? keys.Own;
        if (draft.IsNative && key is null)
        {
            place.Wrong(DialectReader.NoKey, DialectReader.NoKeyHint);
        }

        return new TunnelPoolSettings
        {
            Name = name,
            Servers = draft.Servers,
            Cluster = draft.IsOfCluster || IsLearning(draft)
                ? new ClusterPoolSettings(name, draft.ClusterServers) { IsLearned = !draft.IsOfCluster }
                : null,
            Balance = draft.Balance,
            Connections = draft.Connections,
            RenewAfter = draft.RenewAfter,
            MaximumWaiting = draft.MaximumWaiting,
            Native = draft.IsNative && key is not null ? new NativeClientSettings { Key = key, ServerKey = draft.ServerKey ?? default, Tunnel = draft.Kcp } : null,
            Tls = new UpstreamTlsSettings
            {
                ServerName = draft.Name,
                Client = new TlsClientSettings
                {
                    // Both ends hold the certificate of this very handshake against each other.
                    IsResuming = false,
                    Authorities = UpstreamTlsReader.ReadAuthorities(draft.Authorities, place, reading),
                },
            },
        };
    }

    // The other servers of a cluster have keys of their own, where one is named.
    private static bool IsLearning(TunnelDraft draft) => draft.LearnsMembers && draft.IsNative && draft.ServerKey is null;

    private static List<TunnelServer> ReadServers(SettingsValue servers)
    {
        var read = new List<TunnelServer>();
        foreach (var item in servers.List())
        {
            if (item.TryParse(text => ClientCommand.ServerOf(text, ""), out var server))
            {
                read.Add(server);
            }
        }

        return read;
    }
}
