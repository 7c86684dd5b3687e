using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Datagrams;

namespace Proxy.Protocol.Sealing.Records;

/// <summary>
/// Handshake messages on an ordered stream: the same bytes as the datagrams, back to back, each with its length in its header. Records follow
/// the hello-reply.
/// </summary>
public static class HandshakeFraming
{
    private const int LengthAt = 2;

    /// <summary>Where the message ends that <paramref name="source"/> starts with. What can not become a message is malformed at once.</summary>
    /// <param name="lengthBytes">The message's length when it is all there, else 0.</param>
    public static ReadStatus TryMeasure(ReadOnlySpan<byte> source, out int lengthBytes)
    {
        lengthBytes = 0;
        if (source is [not ((byte)DatagramKind.Hello or (byte)DatagramKind.Retry or (byte)DatagramKind.HelloReply), ..]
            or [_, not DatagramHeader.Version, ..])
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < DatagramHeader.Bytes)
        {
            return ReadStatus.NeedMore;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(source[LengthAt..]);
        if (length is <= DatagramHeader.Bytes or > SealingLimits.MaximumHelloBytes)
        {
            return ReadStatus.Malformed;
        }

        if (source.Length < length)
        {
            return ReadStatus.NeedMore;
        }

        lengthBytes = length;
        return ReadStatus.Done;
    }
}
