using System.Globalization;
using System.Net;

namespace Proxy.Protocol.Chains;

/// <summary>
/// Where a stream is to go: a host name or an IP address, and a port. An immutable value; two that mean the same host and port are equal,
/// as names are kept in lower case without a final dot, IPv4 addresses inside IPv6 are unpacked, and a name that is an address becomes one.
/// </summary>
public sealed record Destination
{
    private Destination(string? name, IPAddress? address, ushort port)
    {
        Name = name;
        Address = address;
        Port = port;
    }

    /// <summary>The name to resolve; null when <see cref="Address"/> is given.</summary>
    public string? Name { get; }

    /// <summary>The address; null when <see cref="Name"/> is given.</summary>
    public IPAddress? Address { get; }

    /// <summary>0 only where there is nothing to connect to (an echo request).</summary>
    public ushort Port { get; }

    /// <summary>The name, or the address in its usual text form without brackets.</summary>
    public string Host => Name ?? Address!.ToString();

    public static Destination Of(IPAddress address, int port)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(port, (ushort)port);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
        return new Destination(null, plain, (ushort)port);
    }

    public static Destination Of(IPEndPoint endpoint) => Of(endpoint.Address, endpoint.Port);

    /// <summary>False when <paramref name="host"/> is neither an address nor a host name.</summary>
    public static bool TryCreate(ReadOnlySpan<char> host, int port, out Destination destination)
    {
        destination = Nowhere;
        if (port != (ushort)port)
        {
            return false;
        }

        if (HostName.TryParseAddress(host, out var address))
        {
            destination = Of(address, port);
            return true;
        }

        if (!HostName.TryNormalize(host, out var name))
        {
            return false;
        }

        destination = new Destination(name, null, (ushort)port);
        return true;
    }

    /// <summary>Reads HOST:PORT with a port from 1; an IPv6 address stands in brackets.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Destination destination)
    {
        destination = Nowhere;
        var colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
        {
            return false;
        }

        var host = text[..colon];
        var bracketed = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        if (bracketed)
        {
            host = host[1..^1];
        }

        return bracketed == host.Contains(':') && TryCreate(host, port, out destination);
    }

    /// <summary>HOST:PORT as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => Address is null ? $"{Name}:{Port}" : new IPEndPoint(Address, Port).ToString();

    /// <summary>Stands where a request needs no destination.</summary>
    internal static Destination Nowhere { get; } = new(null, IPAddress.Any, 0);
}
