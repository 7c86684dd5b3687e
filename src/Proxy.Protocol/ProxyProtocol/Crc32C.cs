using System.Buffers.Binary;
using System.Numerics;

namespace Proxy.Protocol.ProxyProtocol;

/// <summary>CRC-32C (Castagnoli) as in RFC 4960, appendix B; the processor's instruction where it has one.</summary>
internal static class Crc32C
{
    public const uint Start = uint.MaxValue;

    /// <summary>Takes <paramref name="bytes"/> into <paramref name="register"/>, which begins as <see cref="Start"/>.</summary>
    public static uint Add(uint register, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            register = BitOperations.Crc32C(register, value);
        }

        return register;
    }

    public static uint Finish(uint register) => ~register;
}
