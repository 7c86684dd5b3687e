namespace Proxy.Tunnel.Tests;

/// <summary>Whoever stands at one end of a <see cref="Conversation"/>.</summary>
internal abstract class Endpoint : IDisposable
{
    public abstract bool HasMore { get; }

    public abstract void Handle(ReadOnlySpan<byte> datagram, long nowMicroseconds);

    public abstract void HandleDeadline(long nowMicroseconds);

    public abstract void Flush(SimulatedLink link, long nowMicroseconds);

    public abstract long? Deadline(long nowMicroseconds);

    public abstract void Dispose();
}
