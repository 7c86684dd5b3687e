namespace Proxy.Policy.Filters;

/// <summary>Why filters ended a connection.</summary>
/// <param name="Filter">The name of the filter that did.</param>
/// <param name="Reason">Its words; to be escaped in a log, as they may repeat what a peer sent.</param>
/// <param name="Defect">What the filter threw; null when it meant to end the connection.</param>
public sealed record FilterCut(string Filter, string Reason, Exception? Defect = null);
