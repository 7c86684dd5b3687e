using Proxy.Actors;
using Proxy.Policy;
using Proxy.Policy.Limits;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Settings;

/// <summary>What a principal says, over what the defaults say.</summary>
internal sealed record PrincipalDraft
{
    public static readonly PrincipalDraft Default = new();

    public PresharedKey? Key { get; init; }

    public IReadOnlyList<DestinationRule>? Allow { get; init; }

    public IReadOnlyList<DestinationRule>? Deny { get; init; }

    public QuotaSettings Quota { get; init; } = QuotaSettings.Unlimited;

    public int ClusterStreams { get; init; } = int.MaxValue;

    public int ClusterAccepts { get; init; }
}

/// <summary>The keys of sealed tunnels, and who has them.</summary>
/// <param name="Own">The node's; null: it has none.</param>
/// <param name="Principals">Those who have a key of their own, by name.</param>
internal sealed record NodeKeys(PresharedKey? Own, IReadOnlyDictionary<string, PrincipalDraft> Principals)
{
    /// <summary>All that a server knows.</summary>
    public IReadOnlyList<PresharedKey> OfServer => [.. Own is null ? [] : new[] { Own }, .. Principals.Values.Select(principal => principal.Key).OfType<PresharedKey>()];
}

internal static class KeysReader
{
    public static NodeKeys Read(SettingsObject root, PrincipalDraft missing, SettingsReading reading, string? environment)
    {
        var own = ReadOwn(root, reading, environment);
        var principals = new Dictionary<string, PrincipalDraft>(StringComparer.Ordinal);
        foreach (var (name, place) in root.Entries("principals"))
        {
            var draft = ReadPrincipal(name, place, missing, reading);
            if (!PresharedKey.IsName(name) || (name == KeySource.DefaultName && own is not null))
            {
                place.Wrong(
                    name == KeySource.DefaultName ? $"'{name}' is whoever has the node's own key" : "this is no name of a principal",
                    $"1 to {PresharedKey.NameLength} letters, digits, '.', '_' and '-' are, but for '{KeySource.DefaultName}'");
            }
            else if (draft.Key is null)
            {
                place.Wrong("a principal without a key", "key { file = \"…\" }, as 'tcpproxy keygen --out FILE' makes it");
            }
            else if (SameAs(draft.Key, own, principals) is { } same)
            {
                place.Wrong($"its key is that of {same}: nobody could tell the two apart", "make another: 'tcpproxy keygen --out FILE'");
            }

            principals.Add(name, draft);
        }

        return new NodeKeys(own, principals);
    }

    public static PrincipalDraft ReadPrincipal(string name, SettingsObject place, PrincipalDraft missing, SettingsReading reading)
    {
        var (destinations, limits) = (place.Inside("destinations"), place.Inside("limits"));
        return new PrincipalDraft
        {
            Key = place.Inside("key").Optional("file", missing.Key, value => ReadKey(value, name, reading)),
            Allow = destinations.Optional("allow", missing.Allow, DestinationsReader.ReadRules),
            Deny = destinations.Optional("deny", missing.Deny, DestinationsReader.ReadRules),
            Quota = ReadQuota(limits, missing.Quota),
            ClusterStreams = limits.Limit("cluster-connections", missing.ClusterStreams),
            ClusterAccepts = (int)(limits.Find("cluster-accepts")?.Frequency(1_000_000) ?? missing.ClusterAccepts),
        };
    }

    private static QuotaSettings ReadQuota(SettingsObject limits, QuotaSettings missing) => !limits.IsThere ? missing : missing with
    {
        MaximumStreams = limits.Limit("connections", missing.MaximumStreams),
        StreamsPerSecond = (int)(limits.Find("accepts")?.Frequency(1_000_000) ?? missing.StreamsPerSecond),
        Bytes = limits.Find("bytes")?.Size(0, long.MaxValue / 2) ?? missing.Bytes,
        Period = limits.Wait("period", missing.Period),
    };

    /// <summary>The key in a file; null with an error where it is none.</summary>
    public static PresharedKey? ReadKey(SettingsValue file, string name, SettingsReading reading)
    {
        if (file.File() is not { } path)
        {
            return null;
        }

        reading.AddFile(path);
        try
        {
            using var bytes = KeyFile.Read(path);
            return new PresharedKey(PresharedKey.IsName(name) ? name : KeySource.DefaultName, bytes.Span);
        }
        catch (KeyFileException wrong)
        {
            file.Wrong(wrong.Message);
            return null;
        }
    }

    private static PresharedKey? ReadOwn(SettingsObject root, SettingsReading reading, string? environment)
    {
        var key = root.Inside("key");
        var isFileNamed = false;
        var own = key.Optional("file", missing: null, value =>
        {
            isFileNamed = true;
            return ReadKey(value, KeySource.DefaultName, reading);
        });
        if (isFileNamed)
        {
            return own;
        }

        try
        {
            return KeySource.ReadAll([], environment) is [var only] ? only : null;
        }
        catch (KeyFileException wrong)
        {
            key.Wrong(wrong.Message);
            return null;
        }
    }

    private static string? SameAs(PresharedKey key, PresharedKey? own, Dictionary<string, PrincipalDraft> principals) =>
        own is not null && own.Id.SequenceEqual(key.Id) ? "the node itself"
        : principals.FirstOrDefault(other => other.Value.Key is { } known && known.Id.SequenceEqual(key.Id)).Key;
}
