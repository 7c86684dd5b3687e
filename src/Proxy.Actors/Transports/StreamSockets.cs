using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>How sockets are set up that carry a tunnel over TCP.</summary>
internal static class StreamSockets
{
    /// <summary>
    /// What the kernel took is out of reach: behind much of it, control and other streams would wait. What is under way beyond that is what the
    /// path holds.
    /// </summary>
    public static readonly TcpOptions Options = TcpOptions.Default with { UserTimeout = TimeSpan.FromSeconds(30), UnsentBytes = 64 << 10 };

    /// <summary>Address and port for the server's cookies.</summary>
    public const int AddressBytes = 18;

    public static void WriteAddress(in UdpAddress from, Span<byte> address)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(address, from.Host);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(address[16..], (ushort)from.Port);
    }
}
