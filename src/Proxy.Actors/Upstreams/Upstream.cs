using Proxy.Kernel;

namespace Proxy.Actors;

/// <summary>The servers of one upstream, as connections use them.</summary>
/// <param name="Picker">Gives a place at once where it can.</param>
/// <param name="Actor">The <see cref="UpstreamActor"/>, which is asked where the picker cannot.</param>
internal sealed record Upstream(UpstreamPicker Picker, IActorRef Actor);
