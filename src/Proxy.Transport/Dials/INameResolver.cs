using System.Net;

namespace Proxy.Transport.Dials;

/// <summary>Turns a name into addresses. Runs on the thread pool; an actor pipes the result to itself and then dials.</summary>
public interface INameResolver
{
    /// <summary>
    /// The addresses of <paramref name="name"/>, in the order of preference; an IP address is its own. The task fails with
    /// <see cref="System.Net.Sockets.SocketException"/> when there is no such name or no answer.
    /// </summary>
    Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation);
}

/// <summary>Asks the operating system.</summary>
public sealed class SystemNameResolver : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellation) => Dns.GetHostAddressesAsync(name, cancellation);
}
