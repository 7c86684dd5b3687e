using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Proxy.Actors;
using Proxy.Protocol.Chains;
using Proxy.Transport;

namespace Proxy.Node.Commands;

/// <summary>Values of the command line, read or refused with a sentence.</summary>
internal static class Values
{
    /// <summary>HOST:PORT to listen on, port 0 allowed; a name is looked up, <c>*</c> stands for all IPv4 addresses.</summary>
    public static IPEndPoint ListenEndPoint(string text, string option)
    {
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw new UsageException($"{option} '{text}': HOST:PORT is expected, such as 127.0.0.1:8080, [::1]:8080, or port 0 for any free one");
        }

        var host = text[..colon];
        if (host == "*")
        {
            return new IPEndPoint(IPAddress.Any, port);
        }

        if (host.StartsWith('[') != host.EndsWith(']') || (!host.StartsWith('[') && host.Contains(':', StringComparison.Ordinal)))
        {
            throw new UsageException($"{option} '{text}': an IPv6 address goes in brackets, such as [::1]:{port}");
        }

        return IPAddress.TryParse(host.Trim('[', ']'), out var address) ? new IPEndPoint(address, port) : new IPEndPoint(LookUp(host, option), port);
    }

    /// <summary>Where users' connections are accepted: <c>unix:/PATH[?mode=660]</c>, or what <see cref="ListenEndPoint"/> reads.</summary>
    public static IPEndPoint FrontendEndPoint(string text, string option) =>
        Transport.UnixEndPoint.IsOne(text) ? UnixEndPoint(text, option) : ListenEndPoint(text, option);

    public static UnixEndPoint UnixEndPoint(string text, string option) => Transport.UnixEndPoint.TryParse(text, out var place, out var error)
        ? place
        : throw new UsageException($"{option} '{text}': {error}");

    /// <summary>HOST:PORT to connect to.</summary>
    public static Destination Target(string text, string option) => Destination.TryParse(text, out var destination)
        ? destination
        : throw new UsageException($"{option} '{text}': HOST:PORT is expected, such as example.org:80 or [2001:db8::1]:80");

    /// <summary>The transport of a tunnel's URL, and the HOST:PORT behind it.</summary>
    public static (TunnelTransport Transport, string HostAndPort) TunnelUrl(string url, string option)
    {
        var split = url.IndexOf("://", StringComparison.Ordinal);
        var scheme = split < 0 ? "" : url[..split];
        return scheme switch
        {
            "kcp" => (TunnelTransport.Kcp, url[(split + 3)..]),
            "tcp" => (TunnelTransport.Tcp, url[(split + 3)..]),
            "tls" => (TunnelTransport.Tls, url[(split + 3)..]),
            "" => throw new UsageException($"{option} '{url}': a URL is expected, such as kcp://127.0.0.1:4000"),
            _ => throw new UsageException($"{option} '{url}': there is no transport '{scheme}' for a tunnel; kcp://, tcp:// and tls:// are there"),
        };
    }

    /// <summary>A duration with its unit: 500ms, 30s, 5m, 1h.</summary>
    public static TimeSpan Duration(string text, string option)
    {
        var digits = text.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').Count();
        if (double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            TimeSpan? unit = text[digits..] switch
            {
                "ms" => TimeSpan.FromMilliseconds(1),
                "s" => TimeSpan.FromSeconds(1),
                "m" => TimeSpan.FromMinutes(1),
                "h" => TimeSpan.FromHours(1),
                _ => null,
            };
            if (unit is { } one && number <= TimeSpan.FromDays(365) / one)
            {
                return one * number;
            }
        }

        throw new UsageException($"{option} '{text}': a duration with its unit is expected, such as 500ms, 30s, 5m or 1h");
    }

    /// <summary>A duration above 0.</summary>
    public static TimeSpan Wait(string text, string option) => Duration(text, option) is var time && time > TimeSpan.Zero
        ? time
        : throw new UsageException($"{option} '{text}': a duration above 0 is expected");

    /// <summary>A limit: a number from 1 on.</summary>
    public static int Count(int number, string option) =>
        number > 0 ? number : throw new UsageException($"{option}: a number from 1 on is expected");

    /// <summary>A whole number within bounds; <paramref name="text"/> is all that was given to the option.</summary>
    public static int Number(string digits, int lowest, int highest, string option, string text) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= lowest && number <= highest
            ? number
            : throw new UsageException($"{option} '{text}': '{digits}' is no number from {lowest} to {highest}");

    private static IPAddress LookUp(string host, string option)
    {
        try
        {
            return Dns.GetHostAddresses(host).FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
                ?? throw new UsageException($"{option}: '{host}' has no IPv4 address; give the address itself");
        }
        catch (SocketException unknown)
        {
            throw new UsageException($"{option}: '{host}' is no address of this machine: {unknown.Message}");
        }
    }
}
