using Proxy.Actors;
using Proxy.Node.Commands;
using Proxy.Policy.Balancing;
using Proxy.Policy.Chains;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Settings;

/// <summary>Sets of chains.</summary>
internal static class ChainsReader
{
    private const string Scheme = ChainUrl.Scheme;

    public static ChainSetSettings Read(string name, SettingsObject set, SettingsReading reading)
    {
        var chains = set.Find("chains") is { } list
            ? list.List().Select((item, index) => ReadChain(item.AsObject(), index, reading)).OfType<ChainSettings>().ToArray()
            : [];
        if (chains.Length == 0 && set.Lacks("chains"))
        {
            set.Wrong("a set without chains", "chains = [{ tunnel = NAME, via = [\"chain://HOST:PORT\"] }, { via = [\"chain://HOST:PORT\"] }]");
        }

        var missing = ChainChoiceSettings.Default;
        return new ChainSetSettings
        {
            Name = name,
            Chains = chains,
            Choice = missing with { Interval = set.Wait("interval", missing.Interval) },
        };
    }

    private static ChainSettings? ReadChain(SettingsObject chain, int index, SettingsReading reading)
    {
        var name = chain.Text("name", $"chain-{index + 1}");
        var tunnel = chain.Optional("tunnel", missing: null, value => value.Text());
        var weight = chain.Whole("weight", 1, 1, BalancingLimits.MaximumWeight);
        var isInsecure = chain.Switch("insecure", missing: false);
        var via = chain.Find("via");
        var hops = via is { } list ? list.List().Select(hop => ReadHop(hop, chain, isInsecure, reading)).OfType<ChainHop>().ToArray() : [];
        if (!chain.IsThere)
        {
            return null;
        }

        if (tunnel is null && via is null)
        {
            chain.Wrong("a chain without a hop", $"via = [\"{Scheme}HOST:PORT\"], tunnel = NAME, or both");
        }

        var most = ProtocolLimits.ChainHops - (tunnel is null ? 0 : 1);
        if (hops.Length > most)
        {
            chain.WrongAt("via", $"{hops.Length} hops: a chain has at most {most}{(tunnel is null ? "" : " behind its tunnel")}");
        }

        return new ChainSettings { Name = name, Tunnel = tunnel, Hops = hops, Weight = weight };
    }

    /// <summary>A URL alone, whose headers are then open, or an object with its key.</summary>
    private static ChainHop? ReadHop(SettingsValue hop, SettingsObject chain, bool isInsecure, SettingsReading reading)
    {
        if (hop.Value is Hocon.HoconScalar)
        {
            return ReadUrl(hop) is { } bare ? Checked(bare, chain, isInsecure) : null;
        }

        var settings = hop.AsObject();
        var address = settings.Find("address");
        var key = settings.Inside("key").Optional<PresharedKey>("file", missing: null, value => KeysReader.ReadKey(value, KeySource.DefaultName, reading));
        if (settings.IsThere && address is null)
        {
            settings.Wrong("a hop without its address", $"address = \"{Scheme}HOST:PORT\"");
        }

        return address is { } given && ReadUrl(given) is { } there ? Checked(there with { Key = key ?? there.Key }, chain, isInsecure) : null;
    }

    private static ChainHop? ReadUrl(SettingsValue text) =>
        text.TryParse(url => ChainUrl.Read(url, ""), out var parts)
        && text.TryParse(_ => Values.Target(parts.HostAndPort, ""), out var address)
            ? new ChainHop(address, parts.Key)
            : null;

    private static ChainHop Checked(ChainHop hop, SettingsObject chain, bool isMeant)
    {
        if (!isMeant && hop.Key is null && hop.Address.Address is { } address && DialectOptions.FirstExposed([address]) is { } exposed)
        {
            chain.WrongAt("via", DialectOptions.OpenChain($"{hop}", exposed), "give the hop a key { file = \"…\" }, or insecure = on if that is meant");
        }

        return hop;
    }
}
