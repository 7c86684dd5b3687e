using Proxy.Protocol.Chains;

namespace Proxy.Actors;

/// <summary>What carries a tunnel.</summary>
public enum TunnelTransport
{
    /// <summary>Datagrams.</summary>
    Kcp,

    /// <summary>A TCP connection, its bytes in sealed records.</summary>
    Tcp,

    /// <summary>TLS over TCP.</summary>
    Tls,
}

/// <summary>Where a server takes tunnels, and over what.</summary>
public sealed record TunnelAddress(TunnelTransport Transport, Destination Destination)
{
    public string Scheme => SchemeOf(Transport);

    public static string SchemeOf(TunnelTransport transport) => transport switch
    {
        TunnelTransport.Tcp => "tcp",
        TunnelTransport.Tls => "tls",
        _ => "kcp",
    };

    public static implicit operator TunnelAddress(Destination destination) => FromDestination(destination);

    public static TunnelAddress FromDestination(Destination destination) => new(TunnelTransport.Kcp, destination);

    public override string ToString() => $"{Scheme}://{Destination}";
}

/// <summary>One server, by the addresses it can be reached at: the first that works is used, the best first.</summary>
public sealed class TunnelServer
{
    /// <param name="addresses">At least one, none twice.</param>
    public TunnelServer(IReadOnlyList<TunnelAddress> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        Addresses = addresses.Count > 0 ? addresses : throw new ArgumentException("A server has an address.", nameof(addresses));
    }

    public IReadOnlyList<TunnelAddress> Addresses { get; }

    public static implicit operator TunnelServer(Destination destination) => FromDestination(destination);

    public static TunnelServer FromDestination(Destination destination) => new([destination]);

    public override string ToString() => string.Join(',', Addresses);
}
