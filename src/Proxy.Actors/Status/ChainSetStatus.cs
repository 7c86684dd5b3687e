namespace Proxy.Actors;

/// <summary>A set of chains.</summary>
/// <param name="Current">Which one new connections take.</param>
public sealed record ChainSetStatus(string Name, string Current, IReadOnlyList<MeasuredChainStatus> Chains);

/// <summary>One chain. State: up, failed. <paramref name="RttMs"/>: null before it was measured.</summary>
/// <param name="Loss">The share of probes that did not come back in time.</param>
public sealed record MeasuredChainStatus(string Name, string Hops, string State, int Weight, double? RttMs, double Loss);
