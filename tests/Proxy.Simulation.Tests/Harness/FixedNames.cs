using System.Net;
using System.Net.Sockets;
using Proxy.Transport.Dials;

namespace Proxy.Simulation.Tests;

/// <summary>A resolver that answers at once, from a table; a name that is not in it does not exist.</summary>
public sealed class FixedNames : INameResolver
{
    private readonly Dictionary<string, IPAddress[]> _addresses = [];

    public void Set(string name, params string[] addresses) => _addresses[name] = [.. addresses.Select(IPAddress.Parse)];

    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation) => _addresses.TryGetValue(name, out var addresses)
        ? Task.FromResult(addresses)
        : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
}
