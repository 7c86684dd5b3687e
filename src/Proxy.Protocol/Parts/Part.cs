namespace Proxy.Protocol.Parts;

/// <summary>
/// One part of a datagram's body, checked. <see cref="Payload"/> is what follows the type byte (and the length of <see cref="PartType.Kcp"/>);
/// the type's own static class reads the rest of it: <see cref="AcknowledgementPart"/>, <see cref="ClosePart"/> …
/// </summary>
public readonly ref struct Part
{
    internal Part(PartType type, ReadOnlySpan<byte> payload)
    {
        Type = type;
        Payload = payload;
    }

    public PartType Type { get; }

    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Whether whoever gets it has to acknowledge the datagram. Acknowledgements of acknowledgements would never end.</summary>
    public bool WantsAcknowledgement => Type is not (PartType.Acknowledgement or PartType.Recovered);
}
