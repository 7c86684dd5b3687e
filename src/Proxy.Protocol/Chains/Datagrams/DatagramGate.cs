using System.Buffers.Binary;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>How a hop takes the first datagram of a flow: which keys open it, and that it never came before. Thread-safe.</summary>
/// <param name="keys">Whose headers are taken; the key's name is the principal.</param>
/// <param name="replays">Shared by all gates of the process.</param>
public sealed class DatagramGate(IReadOnlyList<PresharedKey> keys, ChainReplays replays)
{
    /// <summary>
    /// Opens the header of a datagram that belongs to no flow yet. False: nobody who has a key sent it, or it came already: it is to be met by
    /// silence, and <paramref name="why"/> says what was wrong.
    /// </summary>
    /// <param name="flow">The flow that it begins; the caller's. It may have been refused: then <see cref="DatagramFlow.Request"/> is null.</param>
    public bool TryBegin(ReadOnlySpan<byte> datagram, long unixMilliseconds, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DatagramFlow? flow, out string why)
    {
        flow = null;
        why = "no key of this hop opens the header";
        var header = DatagramRequest.Take(datagram);
        if (header.IsEmpty)
        {
            why = "it has no header";
            return false;
        }

        foreach (var key in keys)
        {
            if (SealedRequest.IsFor(header, key) && TryOpen(header, key, out var opened, out var sent, out var request))
            {
                var freshness = replays.Judge(SealedRequest.Salt(header), sent, unixMilliseconds);
                if (freshness == Freshness.Fresh)
                {
                    flow = new DatagramFlow(opened, DatagramSeal.OfResponses(key, SealedRequest.Salt(header)), key.Name, request, header.Length);
                    return true;
                }

                opened.Dispose();
                why = freshness switch
                {
                    Freshness.Seen => "its flow was begun already",
                    Freshness.NoRoom => "this hop can not remember more flows now",
                    Freshness.BeforeStart => "it was made before this hop began",
                    _ => $"its clock is {Math.Abs(sent - unixMilliseconds) / 1000} s off this hop's",
                };
                return false;
            }
        }

        return false;
    }

    private static bool TryOpen(ReadOnlySpan<byte> header, PresharedKey key, out DatagramSeal seal, out long sent, out ChainRequest? request)
    {
        seal = DatagramSeal.OfRequests(key, SealedRequest.Salt(header));
        sent = 0;
        request = null;
        Span<byte> text = stackalloc byte[DatagramRequest.TimeBytes + ProtocolLimits.ChainRequestBytes];
        text = text[..(header.Length - DatagramRequest.ClearBytes - Aead.TagBytes)];
        if (!seal.TryOpen(header, DatagramRequest.NumberAt, DatagramRequest.ClearBytes, text))
        {
            seal.Dispose();
            return false;
        }

        sent = BinaryPrimitives.ReadInt64BigEndian(text);
        var rest = text[DatagramRequest.TimeBytes..];
        if (ChainRequest.TryRead(rest, out var consumed, out var read, out _) == ReadStatus.Done && consumed == rest.Length)
        {
            request = read;
        }

        return true;
    }
}
