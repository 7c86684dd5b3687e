using System.Net;

namespace Proxy.Policy.Filters;

/// <summary>What a filter may know about its connection.</summary>
/// <param name="Id">Unique in this process; what the log calls the connection.</param>
/// <param name="Frontend">The name of the listener that accepted it.</param>
/// <param name="Client">The client, as a trusted PROXY header says where there was one.</param>
/// <param name="Upstream">Where it was connected to; null when it goes through a tunnel.</param>
public sealed record FilterConnection(long Id, string Frontend, IPEndPoint Client, IPEndPoint? Upstream);
