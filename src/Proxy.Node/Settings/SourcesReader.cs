using System.Net;
using System.Net.Sockets;
using Proxy.Node.Commands;
using Proxy.Transport.Dials;

namespace Proxy.Node.Settings;

/// <summary>Which of this machine's addresses connections go out from.</summary>
internal static class SourcesReader
{
    public static SourceAddresses Read(SettingsObject place, SourceAddresses missing)
    {
        if (place.Find("source") is not { } list)
        {
            return missing;
        }

        var addresses = new List<IPAddress>();
        foreach (var item in list.List())
        {
            if (item.TryParse(Parse, out var address))
            {
                addresses.Add(address);
            }
        }

        return new SourceAddresses(addresses);
    }

    /// <summary>One of this machine's addresses.</summary>
    public static IPAddress Parse(string text)
    {
        if (!IPAddress.TryParse(text, out var address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
        {
            throw new UsageException($"'{text}': one of this machine's addresses is expected");
        }

        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return address;
        }
        catch (SocketException)
        {
            throw new UsageException($"'{text}' is not one of this machine's addresses");
        }
    }
}
