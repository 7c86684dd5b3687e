using System.Net;

namespace Proxy.Policy.Names;

/// <summary>What somebody who was asked says of a name.</summary>
/// <param name="Addresses">Empty: there is no such name, or it has no address.</param>
/// <param name="Age">How long that may be kept, as it says itself.</param>
public sealed record NameAnswer(IReadOnlyList<IPAddress> Addresses, TimeSpan Age);
