using System.Net;
using System.Text.Json;
using Proxy.Cluster.Json;

namespace Proxy.Cluster.Bans;

/// <summary>A ban as JSON, read strictly: who can write to the engine may be wrong.</summary>
public static class BanJson
{
    private const int MaximumBytes = 1024;
    private static readonly string[] Scopes = ["all", "passwords"];

    public static byte[] Write(SharedBan ban) => JsonText.Object(writer =>
    {
        writer.Int64("until", ban.UntilUnixMilliseconds);
        writer.WriteString("why", ban.Why);
    });

    /// <summary>What stands for a ban behind the prefix of all bans.</summary>
    public static string KeyOf(BanScope scope, string source) => $"{Scopes[(int)scope]}/{source}";

    /// <summary>The same read; false: it is none.</summary>
    public static bool TryReadKey(string key, out BanScope scope, out string source)
    {
        var split = key.IndexOf('/', StringComparison.Ordinal);
        var index = split < 0 ? -1 : Array.IndexOf(Scopes, key[..split]);
        (scope, source) = ((BanScope)Math.Max(0, index), key[(split + 1)..]);
        return index >= 0 && IPAddress.TryParse(source, out _);
    }

    public static bool TryRead(ReadOnlyMemory<byte> json, string key, out SharedBan ban)
    {
        ban = null!;
        if (json.Length > MaximumBytes || !TryReadKey(key, out var scope, out var source))
        {
            return false;
        }

        using var document = FieldReader.Parse(json, out _);
        if (document is null)
        {
            return false;
        }

        var fields = new FieldReader();
        var root = document.RootElement;
        ban = new SharedBan(source, scope, fields.Int64(root, "until"), fields.Text(root, "why"));
        return fields.Error is null && ban.UntilUnixMilliseconds > 0;
    }
}
