using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Proxy.Policy.Balancing;

/// <summary>
/// A hash of addresses that every node computes alike (string and object hashes differ by process): FNV-1a over the 16 bytes of the IPv6
/// form and the port, mixed by the finisher of SplitMix64, because FNV alone keeps neighbours close. It does not resist an adversary who
/// picks source addresses to land on one server; such a client could as well connect more often.
/// </summary>
internal static class StableHash
{
    public static ulong Of(IPEndPoint endpoint) => Mix(Of(endpoint.Address) + (ulong)endpoint.Port);

    public static ulong Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes[10..], ushort.MaxValue);
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
        }

        var hash = 0xcbf29ce484222325UL;
        foreach (var value in bytes)
        {
            hash = (hash ^ value) * 0x100000001b3UL;
        }

        return Mix(hash);
    }

    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9UL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebUL;
        return value ^ (value >> 31);
    }
}
