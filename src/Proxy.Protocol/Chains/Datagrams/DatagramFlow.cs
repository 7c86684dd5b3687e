using Proxy.Protocol.Sealing.Ciphers;

namespace Proxy.Protocol.Chains.Datagrams;

/// <summary>
/// A flow at a hop: takes its own header off each datagram, and puts its response in front of each that goes back. All of a flow go where the first
/// wanted to. For one thread.
/// </summary>
public sealed class DatagramFlow : IDisposable
{
    /// <summary>What a response may add at most.</summary>
    public const int MaxResponseBytes = DatagramResponse.MaxLengthBytes;

    private readonly DatagramSeal _requests;
    private readonly DatagramSeal _responses;

    internal DatagramFlow(DatagramSeal requests, DatagramSeal responses, string principal, ChainRequest? request, int firstHeaderBytes)
    {
        (_requests, _responses, Principal, Request, FirstHeaderBytes) = (requests, responses, principal, request, firstHeaderBytes);
    }

    /// <summary>Whose key it is sealed with.</summary>
    public string Principal { get; }

    /// <summary>What the first datagram asked for; null: its header was sealed right and malformed inside.</summary>
    public ChainRequest? Request { get; }

    /// <summary>The length of the first datagram's header.</summary>
    public int FirstHeaderBytes { get; }

    /// <summary>Takes the header off. False: it is not of this flow, or came already.</summary>
    public bool TryTake(ref ReadOnlySpan<byte> datagram)
    {
        var header = DatagramRequest.Take(datagram);
        if (header.IsEmpty)
        {
            return false;
        }

        Span<byte> text = stackalloc byte[DatagramRequest.TimeBytes + ProtocolLimits.ChainRequestBytes];
        if (!_requests.TryOpen(header, DatagramRequest.NumberAt, DatagramRequest.ClearBytes, text[..(header.Length - DatagramRequest.ClearBytes - Aead.TagBytes)]))
        {
            return false;
        }

        datagram = datagram[header.Length..];
        return true;
    }

    public int WriteResponse(Span<byte> target, ChainResponse response) => DatagramResponse.Write(target, response, _responses);

    public void Dispose()
    {
        _requests.Dispose();
        _responses.Dispose();
    }
}
