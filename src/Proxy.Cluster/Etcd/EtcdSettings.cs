namespace Proxy.Cluster.Etcd;

/// <summary>Where the engine is and how it is asked.</summary>
public sealed record EtcdSettings
{
    /// <summary>The engine's nodes, as <c>http://host:port</c> or <c>https://host:port</c>; at least one.</summary>
    public required IReadOnlyList<Uri> Endpoints { get; init; }

    /// <summary>Empty: no password is asked for.</summary>
    public string UserName { get; init; } = "";

    public string Password { get; init; } = "";

    /// <summary>How long one endpoint has for one answer before the next is asked. etcd itself takes 7 s to say that it has no quorum.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The largest answer, in bytes: ten thousand members' records.</summary>
    public int AnswerBytes { get; init; } = 16 << 20;

    /// <summary>The longest line of a watch, in bytes: some of etcd's largest requests, in base64.</summary>
    public int LineBytes { get; init; } = 16 << 20;
}
