using Proxy.Protocol;
using Proxy.Protocol.Tls;

namespace Proxy.Actors;

/// <summary>Looks at the ClientHello that a TLS client's connection begins with; it is not taken.</summary>
internal static class ClientHellos
{
    /// <summary>The hello is complete.</summary>
    /// <param name="Unread">Everything that was read, the hello too.</param>
    internal sealed record Received(ClientHello Hello, byte[] Unread);

    /// <summary>It is no hello, or a wrong one.</summary>
    internal sealed record Broken(ClientHelloRule Rule);

    /// <summary>A <see cref="PreambleReader"/>.</summary>
    public static object? Read(ReadOnlySpan<byte> bytes) => ClientHelloReader.TryRead(bytes, out var hello, out var broken) switch
    {
        ReadStatus.NeedMore => null,
        ReadStatus.Done => new Received(hello!, bytes.ToArray()),
        _ => new Broken(broken),
    };
}
