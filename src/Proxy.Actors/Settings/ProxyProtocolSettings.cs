using System.Net;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

public enum ProxyHeaderVersion
{
    V1 = 1,
    V2 = 2,
}

/// <summary>PROXY headers of a frontend, in and out.</summary>
public sealed record ProxyProtocolSettings
{
    public static readonly ProxyProtocolSettings Off = new();

    /// <summary>
    /// Who has to begin each connection with a header, and is believed. From anybody else none is expected: what looks like one is payload.
    /// Null: nobody.
    /// </summary>
    public CidrSet? TrustedSenders { get; init; }

    /// <summary>What servers are given; null: nothing.</summary>
    public ProxyHeaderVersion? Out { get; init; }

    internal bool IsExpectedFrom(IPAddress sender) => TrustedSenders?.Contains(NetworkAddress.From(sender)) == true;
}
