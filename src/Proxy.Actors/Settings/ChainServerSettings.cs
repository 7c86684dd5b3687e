using System.Net;
using Proxy.Policy.Limits;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Actors;

/// <summary>An endpoint, TCP or UDP, where a server takes chains without a tunnel around them. Keys belong to who made these settings, and outlive the node.</summary>
public sealed record ChainServerSettings
{
    public required IPEndPoint Listen { get; init; }

    /// <summary>Whether it takes datagrams, each with its headers; keys are needed then.</summary>
    public bool IsUdp { get; init; }

    internal string Scheme => IsUdp ? "chain+udp" : "chain";

    internal string Place => $"{Scheme}://{Listen}";

    /// <summary>Whose headers are taken; each key's name is a principal. Empty: anybody's, in the open.</summary>
    public IReadOnlyList<PresharedKey> Keys { get; init; } = [];

    public AdmissionSettings Limits { get; init; } = AdmissionSettings.Unlimited;

    /// <summary>
    /// How long a connection may say nothing at all: who comes often keeps a few ready. Once it has begun, its header has the time of a connect.
    /// </summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);
}
