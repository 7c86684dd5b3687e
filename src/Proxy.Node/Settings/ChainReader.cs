using Proxy.Actors;
using Proxy.Policy.Chains;
using Proxy.Protocol;
using Proxy.Protocol.Chains;

namespace Proxy.Node.Settings;

/// <summary>What a set of chains says, over what the defaults say.</summary>
internal sealed record ChainDraft
{
    public static readonly ChainDraft Default = new();

    public ChainChoiceSettings Choice { get; init; } = ChainChoiceSettings.Default;

    public bool IsInsecure { get; init; }
}

/// <summary>What one chain of a set says, over what the defaults say.</summary>
internal sealed record PathDraft
{
    public static readonly PathDraft Default = new();

    public string? Tunnel { get; init; }

    public IReadOnlyList<ChainHop> Via { get; init; } = [];

    public int Weight { get; init; } = 1;
}

internal static class ChainReader
{
    // Far beyond any difference that weights are for.
    private const int MaximumWeight = 1000;

    private const int MaximumConfirmations = 100;

    public static ChainDraft Read(SettingsObject chain, ChainDraft missing)
    {
        var retry = chain.Inside("retry");
        return new ChainDraft
        {
            Choice = missing.Choice with
            {
                Interval = chain.Wait("interval", missing.Choice.Interval),
                Advantage = chain.Find("advantage")?.Percent() is { } percent ? 1 + (percent / 100.0) : missing.Choice.Advantage,
                Confirmations = chain.Whole("confirmations", missing.Choice.Confirmations, 1, MaximumConfirmations),
                FirstRetry = retry.Wait("first", missing.Choice.FirstRetry),
                LongestRetry = retry.Wait("longest", missing.Choice.LongestRetry),
            },
            IsInsecure = chain.Switch("insecure", missing.IsInsecure),
        };
    }

    public static PathDraft ReadPath(SettingsObject path, PathDraft missing, SettingsReading reading) => new()
    {
        Tunnel = path.Optional("tunnel", missing.Tunnel, value => value.Text()),
        Via = path.Find("via") is { } via ? ChainUrlReader.ReadHops(via, reading) : missing.Via,
        Weight = path.Whole("weight", missing.Weight, 1, MaximumWeight),
    };

    public static ChainSetSettings Build(
        string name, ChainDraft draft, IEnumerable<KeyValuePair<string, SettingsObject>> paths, PathDraft missing, SettingsObject place, SettingsReading reading)
    {
        var chains = new List<ChainSettings>();
        foreach (var (pathName, path) in paths)
        {
            var read = ReadPath(path, missing, reading);
            CheckHops(read.Tunnel, read.Via, path);
            ChainUrlReader.CheckOpen(read.Via, draft.IsInsecure, path, "via");
            chains.Add(new ChainSettings { Name = pathName, Tunnel = read.Tunnel, Hops = read.Via, Weight = read.Weight });
        }

        if (chains.Count == 0)
        {
            place.Wrong("a set of no chains", "paths { NAME { via = [\"chain://HOST:PORT\"] } }");
        }

        return new ChainSetSettings { Name = name, Chains = chains, Choice = draft.Choice };
    }

    /// <summary>A chain has at least one hop, and not too many.</summary>
    public static void CheckHops(string? tunnel, IReadOnlyList<ChainHop> hops, SettingsObject place)
    {
        var most = ProtocolLimits.ChainHops - (tunnel is null ? 0 : 1);
        if (hops.Count > most)
        {
            place.WrongAt("via", $"there are {hops.Count} hops", $"at most {most} are possible");
        }
        else if (hops.Count == 0 && tunnel is null && place.Lacks("via"))
        {
            place.Wrong("a chain to nowhere", "tunnel = NAME, or via = [\"chain://HOST:PORT\"], or both");
        }
    }
}
