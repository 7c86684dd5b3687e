using Proxy.Node.Commands;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Node.Settings;

/// <summary>Hops of chains, and where chains are taken: <c>chain://HOST:PORT[?key-file=[NAME=]FILE]</c>.</summary>
internal static class ChainUrlReader
{
    private const string KeyField = "?key-file=";

    /// <summary>Null with an error where it is none.</summary>
    public static ChainUrl? Read(SettingsValue url, SettingsReading reading) =>
        url.TryParse(text => ChainUrl.Read(WithFullPath(text, url, reading), ""), out var read) ? read : null;

    public static IReadOnlyList<ChainHop> ReadHops(SettingsValue hops, SettingsReading reading)
    {
        var read = new List<ChainHop>();
        foreach (var item in hops.List())
        {
            if (Read(item, reading) is { } url && item.TryParse(_ => Values.Target(url.HostAndPort, ""), out var address))
            {
                read.Add(new ChainHop(address, url.Key));
            }
        }

        return read;
    }

    /// <summary>Refuses headers in the open beyond this machine, unless somebody said so.</summary>
    public static void CheckOpen(IEnumerable<ChainHop> hops, bool isInsecure, SettingsObject place, string key)
    {
        foreach (var hop in hops.Where(hop => hop.Key is null && !isInsecure))
        {
            if (DialectOptions.FirstExposed(ClientCommand.AddressesOf(hop.Address)) is { } exposed)
            {
                place.WrongAt(key, DialectOptions.OpenChain($"{hop}", exposed), "name its key, ?key-file=FILE behind the address, or set insecure = on if that is meant");
            }
        }
    }

    // A file is beside the configuration that names it, as everywhere else.
    private static string WithFullPath(string text, SettingsValue url, SettingsReading reading)
    {
        var field = text.IndexOf(KeyField, StringComparison.Ordinal);
        if (field < 0 || field + KeyField.Length == text.Length)
        {
            return text;
        }

        var (before, named) = (text[..(field + KeyField.Length)], text[(field + KeyField.Length)..]);
        var equals = named.IndexOf('=', StringComparison.Ordinal);
        var hasName = equals > 0 && equals + 1 < named.Length && PresharedKey.IsName(named[..equals]);
        var path = url.PathOf(hasName ? named[(equals + 1)..] : named);
        reading.AddFile(path);
        return $"{before}{(hasName ? named[..equals] : KeySourceDefault)}={path}";
    }

    private const string KeySourceDefault = Actors.KeySource.DefaultName;
}
