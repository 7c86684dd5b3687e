using Proxy.Policy.Names;

namespace Proxy.Actors;

/// <summary>The upstream for clients that ask for one name (SNI).</summary>
/// <param name="Pattern">A name, or <c>*.</c> and a name for all below it.</param>
/// <param name="Upstream">One of <see cref="NodeSettings.Upstreams"/>.</param>
public sealed record ServerNameRoute(string Pattern, string Upstream);

/// <summary>The upstreams of a frontend: one for all, or one for each route.</summary>
/// <param name="Default">For clients that no route fits; null: they are refused.</param>
/// <param name="Routes">By server name, with the default in it; null: the name does not matter.</param>
internal sealed record RelayUpstreams(Upstream? Default, ServerNameTable<Upstream>? Routes);
