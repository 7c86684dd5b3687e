using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Proxy.Policy;

namespace Proxy.Actors;

/// <summary>Where this process itself listens for TCP: a chain that leads there would come round again. Thread-safe.</summary>
public sealed class OwnListeners
{
    private readonly ConcurrentDictionary<IPEndPoint, byte> _listeners = new();

    /// <summary>Which addresses are this machine's, for listeners on all of them.</summary>
    public Func<IPAddress, bool> IsOwnAddress { get; init; } = SpecialAddresses.IsLoopback;

    public void Add(IPEndPoint listener) => _listeners.TryAdd(listener, 0);

    /// <param name="url">As listeners are announced: <c>tcp://127.0.0.1:4000</c>. What is not TCP is passed over.</param>
    public void Add(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var split = url.IndexOf("://", StringComparison.Ordinal);
        if (split > 0 && url[..split] is not ("kcp" or "udp") && IPEndPoint.TryParse(url[(split + 3)..], out var endPoint))
        {
            Add(endPoint);
        }
    }

    /// <summary>Undoes <see cref="Add(string)"/>.</summary>
    public void Remove(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (IPEndPoint.TryParse(url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..], out var endPoint))
        {
            _listeners.TryRemove(endPoint, out _);
        }
    }

    public bool Contains(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        var real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _listeners.Keys.Any(listener => listener.Port == port && IsAt(listener.Address, real));
    }

    private bool IsAt(IPAddress listener, IPAddress address) =>
        listener.Equals(IPAddress.Any) || listener.Equals(IPAddress.IPv6Any)
            ? IsOwnAddress(address)
            : listener.Equals(address);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_listeners.Count} listeners");
}
