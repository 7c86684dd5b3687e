using System.Buffers.Binary;

namespace Proxy.Protocol.Parts;

/// <summary>
/// Whether the peer is where its datagrams say: a challenge is answered from there with the same bytes.
/// <code>
/// | type 3 challenge, 4 response | token (64 bits) |
/// </code>
/// </summary>
public static class PathPart
{
    public const int TokenBytes = 8;
    public const int LengthBytes = 1 + TokenBytes;

    public static int WriteChallenge(Span<byte> destination, ulong token) => Write(destination, PartType.PathChallenge, token);

    public static int WriteResponse(Span<byte> destination, ulong token) => Write(destination, PartType.PathResponse, token);

    public static ulong Token(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64BigEndian(payload);

    private static int Write(Span<byte> destination, PartType type, ulong token)
    {
        destination[0] = (byte)type;
        BinaryPrimitives.WriteUInt64BigEndian(destination[1..], token);
        return LengthBytes;
    }
}
