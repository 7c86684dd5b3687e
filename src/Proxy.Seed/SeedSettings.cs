using System.Net;

namespace Proxy.Seed;

/// <summary>What a seed is to be: checked, and ready to run.</summary>
internal sealed record SeedSettings
{
    public required IPEndPoint Listen { get; init; }

    /// <summary>Empty: whoever reaches it may use it.</summary>
    public string UserName { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>PEM files; null: no TLS.</summary>
    public (string Certificate, string Key)? Tls { get; init; }

    public bool HasPassword => UserName.Length > 0;
}
