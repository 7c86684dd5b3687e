using Proxy.Policy.Balancing;
using Proxy.Policy.Names;

namespace Proxy.Actors;

/// <summary>Servers for the clients that ask for one name (SNI).</summary>
/// <param name="Pattern">A name, or <c>*.</c> and a name for all below it.</param>
/// <param name="Targets">At least one.</param>
public sealed record ServerNameRoute(string Pattern, IReadOnlyList<ServerEntry> Targets);

/// <summary>The upstreams of a relay: one for all, or one for each route.</summary>
/// <param name="Default">For clients that no route fits; null: they are refused.</param>
/// <param name="Routes">By server name, with the default in it; null: the name does not matter.</param>
internal sealed record RelayUpstreams(Upstream? Default, ServerNameTable<Upstream>? Routes);
