namespace Proxy.Protocol.Parts;

/// <summary>Datagram numbers from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
public readonly record struct NumberRange(ulong First, ulong Last);
