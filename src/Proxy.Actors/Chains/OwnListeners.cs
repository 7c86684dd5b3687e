using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Proxy.Policy;

namespace Proxy.Actors;

/// <summary>Where this process itself listens: a chain that leads there would come round again. Thread-safe.</summary>
public sealed class OwnListeners
{
    private readonly ConcurrentDictionary<(IPEndPoint EndPoint, bool IsUdp), byte> _listeners = new();

    /// <summary>Which addresses are this machine's, for listeners on all of them.</summary>
    public Func<IPAddress, bool> IsOwnAddress { get; init; } = SpecialAddresses.IsLoopback;

    public void Add(IPEndPoint listener) => _listeners.TryAdd((listener, false), 0);

    /// <param name="url">As listeners are announced: <c>tcp://127.0.0.1:4000</c>. What is no such address is passed over.</param>
    public void Add(string url)
    {
        if (TryRead(url, out var listener))
        {
            _listeners.TryAdd(listener, 0);
        }
    }

    /// <summary>Undoes <see cref="Add(string)"/>.</summary>
    public void Remove(string url)
    {
        if (TryRead(url, out var listener))
        {
            _listeners.TryRemove(listener, out _);
        }
    }

    /// <param name="isUdp">Whether datagrams are to go there; the ports of the two have nothing to do with each other.</param>
    public bool Contains(IPAddress address, int port, bool isUdp = false)
    {
        ArgumentNullException.ThrowIfNull(address);
        var real = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _listeners.Keys.Any(listener => listener.IsUdp == isUdp && listener.EndPoint.Port == port && IsAt(listener.EndPoint.Address, real));
    }

    private static bool TryRead(string url, out (IPEndPoint EndPoint, bool IsUdp) listener)
    {
        ArgumentNullException.ThrowIfNull(url);
        listener = default;
        var split = url.IndexOf("://", StringComparison.Ordinal);
        if (split <= 0 || !IPEndPoint.TryParse(url[(split + 3)..], out var endPoint))
        {
            return false;
        }

        listener = (endPoint, url[..split] is "kcp" || url[..split].EndsWith("udp", StringComparison.Ordinal));
        return true;
    }

    private bool IsAt(IPAddress listener, IPAddress address) =>
        listener.Equals(IPAddress.Any) || listener.Equals(IPAddress.IPv6Any)
            ? IsOwnAddress(address)
            : listener.Equals(address);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_listeners.Count} listeners");
}
