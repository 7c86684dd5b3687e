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
        writer.WriteString("scope", Scopes[(int)ban.Scope]);
        writer.Int64("until", ban.UntilUnixMilliseconds);
        writer.WriteString("why", ban.Why);
    });

    /// <param name="source">From the key.</param>
    public static bool TryRead(ReadOnlyMemory<byte> json, string source, out SharedBan ban)
    {
        ban = null!;
        if (json.Length > MaximumBytes || !IPAddress.TryParse(source, out _))
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
        ban = new SharedBan(source, (BanScope)fields.OneOf(root, "scope", Scopes), fields.Int64(root, "until"), fields.Text(root, "why"));
        return fields.Error is null && ban.UntilUnixMilliseconds > 0;
    }
}
