using Proxy.Policy.Limits;
using Proxy.Policy.Rules;

namespace Proxy.Actors;

/// <summary>Who may come in, how many, and how fast. Immutable; a listener takes another one while it runs.</summary>
internal sealed record GateSettings(AccessRules Rules, AdmissionSettings Limits)
{
    /// <summary>
    /// Proxies that name the client of each connection: rules and limits by source pass over their own addresses and wait for the
    /// <see cref="ClientNamed"/> of the connection. Null: there are none.
    /// </summary>
    public CidrSet? Proxies { get; init; }

    public static GateSettings Of(FrontendSettings settings) => new(settings.Rules, settings.Limits) { Proxies = settings.ProxyProtocol.TrustedSenders };
}
