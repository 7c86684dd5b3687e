using System.Net;
using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Transport.Dials;
using Proxy.Tunnel.Native;

namespace Proxy.Node.Settings;

/// <summary>What a tunnel server says, over what the defaults say.</summary>
internal sealed record ServerDraft
{
    public static readonly ServerDraft Default = new();

    public IReadOnlyList<(TunnelTransport Transport, IPEndPoint EndPoint)> Listen { get; init; } = [];

    /// <summary>Where chains are taken; a key is the only one there, and null stands for all that the server knows.</summary>
    public IReadOnlyList<(IPEndPoint EndPoint, PresharedKey? Key, bool IsUdp)> Chains { get; init; } = [];

    public bool IsNative { get; init; } = true;

    public bool IsInsecure { get; init; }

    public SecretBytes? PrivateKey { get; init; }

    public NativeTunnelSettings Kcp { get; init; } = NativeTunnelSettings.Default;

    public TlsTerminationSettings Tls { get; init; } = new() { Certificates = [] };

    public IReadOnlyList<DestinationRule> Allow { get; init; } = [];

    public IReadOnlyList<DestinationRule> Deny { get; init; } = [];

    public Destination? To { get; init; }

    public IReadOnlyList<string> Legs { get; init; } = [];

    public string? Chain { get; init; }

    public ProxyHeaderVersion? ProxyProtocolOut { get; init; }

    public SourceAddresses Sources { get; init; } = SourceAddresses.Any;

    public ConnectionTimeouts Timeouts { get; init; } = ConnectionTimeouts.Default;

    public int MaximumTunnels { get; init; } = 10_000;
}

internal static class ServerReader
{
    public static ServerDraft Read(SettingsObject server, ServerDraft missing, SettingsReading reading)
    {
        var destinations = server.Inside("destinations");
        var urls = server.Find("listen")?.List();
        return new ServerDraft
        {
            Listen = urls is null ? missing.Listen : ReadListen(urls),
            Chains = urls is null ? missing.Chains : ReadChains(urls, reading),
            IsNative = DialectReader.ReadIsNative(server, missing.IsNative),
            IsInsecure = server.Switch("insecure", missing.IsInsecure),
            PrivateKey = server.Optional("private-key", missing.PrivateKey, value => ReadPrivateKey(value, reading)),
            Kcp = KcpReader.Read(server.Inside("kcp"), missing.Kcp),
            Tls = TlsReader.Read(server.Inside("tls"), missing.Tls, reading),
            Allow = destinations.Find("allow") is { } allow ? DestinationsReader.ReadRules(allow) : missing.Allow,
            Deny = destinations.Find("deny") is { } deny ? DestinationsReader.ReadRules(deny) : missing.Deny,
            To = server.Optional("to", missing.To, value => value.TryParse(text => Values.Target(text, ""), out var target) ? target : null),
            Chain = server.Optional("chain", missing.Chain, value => value.Text()),
            Legs = server.Texts("legs", missing.Legs) is { Count: > 0 } legs ? legs : [],
            ProxyProtocolOut = ProxyProtocolReader.ReadOut(server.Inside("proxy-protocol"), missing.ProxyProtocolOut),
            Sources = SourcesReader.Read(server, missing.Sources),
            Timeouts = TimeoutsReader.Read(server.Inside("timeouts"), missing.Timeouts, hasHeader: false),
            MaximumTunnels = server.Inside("limits").Whole("tunnels", missing.MaximumTunnels, 1, int.MaxValue),
        };
    }

    /// <param name="resetSecret">Read only where a server is sealed.</param>
    public static ServerSettings Build(
        string name, ServerDraft draft, SettingsObject place, NodeKeys keys, Func<SecretBytes?> resetSecret, SettingsReading reading)
    {
        if (draft.Listen.Count + draft.Chains.Count == 0 && place.Lacks("listen"))
        {
            place.Wrong("a server that listens nowhere", "listen = \"kcp://HOST:PORT\"");
        }

        DialectReader.Check(place, draft.IsNative, draft.IsInsecure, draft.Listen.Select(listen => (listen.Transport, $"{listen.EndPoint}", (IPAddress[])[listen.EndPoint.Address])));
        CheckOpenChains(draft, place, keys);
        var isTls = draft.Listen.Any(listen => listen.Transport == TunnelTransport.Tls);
        if (isTls && draft.Tls.Certificates.Count == 0)
        {
            place.Wrong("tls:// needs a certificate", "tls { certificates = [\"…\"] }");
        }

        return new ServerSettings
        {
            Name = name,
            Listen = EndPointsOf(draft, TunnelTransport.Kcp),
            ListenTcp = EndPointsOf(draft, TunnelTransport.Tcp),
            ListenTls = EndPointsOf(draft, TunnelTransport.Tls),
            Tls = isTls ? TlsReader.Build(draft.Tls, place, reading) : null,
            Chains = [.. draft.Chains.Select(chain => new ChainServerSettings { Listen = chain.EndPoint, IsUdp = chain.IsUdp, Keys = chain.Key is { } key ? [key] : keys.OfServer })],
            Native = draft.IsNative && draft.Listen.Count > 0 && KeyRingOf(keys, place) is { } ring
                ? new NativeServerSettings { Keys = ring, ServerKey = draft.PrivateKey, ResetSecret = resetSecret(), Tunnel = draft.Kcp }
                : null,
            Destinations = new DestinationRules(draft.Allow, draft.Deny),
            FixedTarget = draft.To,
            Legs = draft.Legs,
            Chain = draft.Chain,
            ProxyProtocolOut = draft.ProxyProtocolOut,
            Sources = draft.Sources,
            Timeouts = draft.Timeouts,
            MaximumTunnels = draft.MaximumTunnels,
            Principals = keys.Principals.ToDictionary(principal => principal.Key, principal => new PrincipalSettings
            {
                Destinations = (principal.Value.Allow ?? principal.Value.Deny) is null
                    ? null
                    : new DestinationRules(principal.Value.Allow ?? draft.Allow, principal.Value.Deny ?? draft.Deny),
                Quota = principal.Value.Quota,
                ClusterStreams = principal.Value.ClusterStreams == int.MaxValue ? null : principal.Value.ClusterStreams,
                ClusterStreamsPerSecond = principal.Value.ClusterAccepts == 0 ? null : principal.Value.ClusterAccepts,
            }, StringComparer.Ordinal),
        };
    }

    private static KeyRing? KeyRingOf(NodeKeys keys, SettingsObject place)
    {
        if (keys.OfServer.Count == 0)
        {
            place.Wrong(DialectReader.NoKey, DialectReader.NoKeyHint);
            return null;
        }

        // Two that are the same have been reported.
        return new KeyRing(keys.OfServer.DistinctBy(key => Convert.ToHexString(key.Id)));
    }

    private static SecretBytes? ReadPrivateKey(SettingsValue file, SettingsReading reading)
    {
        if (file.File() is not { } path)
        {
            return null;
        }

        reading.AddFile(path);
        return file.TryParse(_ => DialectOptions.ReadPrivateKey(path, ""), out var key) ? key : null;
    }

    private static void CheckOpenChains(ServerDraft draft, SettingsObject place, NodeKeys keys)
    {
        foreach (var (endPoint, key, isUdp) in draft.Chains)
        {
            if (isUdp && key is null && keys.OfServer.Count == 0)
            {
                place.WrongAt("listen", $"{ChainUrl.UdpScheme}{endPoint} takes sealed headers only", "give it a key, key { file = \"FILE\" }");
                continue;
            }

            if (key is null && keys.OfServer.Count == 0 && !draft.IsInsecure && DialectOptions.FirstExposed([endPoint.Address]) is { } exposed)
            {
                place.WrongAt("listen", DialectOptions.OpenChain($"{ChainUrl.Scheme}{endPoint}", exposed), "give it a key, key { file = \"FILE\" }, or set insecure = on if that is meant");
            }
        }
    }

    private static bool IsChain(SettingsValue url) => url.Value is Hocon.HoconScalar scalar && ChainUrl.IsOne(scalar.Text);

    private static List<(IPEndPoint, PresharedKey?, bool)> ReadChains(IEnumerable<SettingsValue> urls, SettingsReading reading)
    {
        var read = new List<(IPEndPoint, PresharedKey?, bool)>();
        foreach (var item in urls.Where(IsChain))
        {
            if (ChainUrlReader.Read(item, reading) is { } url && item.TryParse(_ => Values.ListenEndPoint(url.HostAndPort, ""), out var listen))
            {
                read.Add((listen, url.Key, url.IsUdp));
            }
        }

        return read;
    }

    private static List<(TunnelTransport, IPEndPoint)> ReadListen(IEnumerable<SettingsValue> urls)
    {
        var read = new List<(TunnelTransport, IPEndPoint)>();
        foreach (var item in urls.Where(item => !IsChain(item)))
        {
            if (item.TryParse(ListenOf, out var listen))
            {
                read.Add(listen);
            }
        }

        return read;
    }

    private static (TunnelTransport Transport, IPEndPoint EndPoint) ListenOf(string url)
    {
        var (transport, text) = Values.TunnelUrl(url, "");
        return (transport, Values.ListenEndPoint(text, ""));
    }

    private static IPEndPoint[] EndPointsOf(ServerDraft draft, TunnelTransport transport) =>
        [.. draft.Listen.Where(listen => listen.Transport == transport).Select(listen => listen.EndPoint)];
}
