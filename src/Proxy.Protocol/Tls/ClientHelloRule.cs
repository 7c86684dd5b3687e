namespace Proxy.Protocol.Tls;

/// <summary>The rules that the beginning of a TLS connection can break.</summary>
public enum ClientHelloRule
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>The first record is a handshake record of SSL 3 or TLS: anything else is no TLS.</summary>
    NotTls,

    /// <summary>The first handshake message is a ClientHello.</summary>
    NotClientHello,

    /// <summary>A handshake record is neither empty nor longer than 16 KiB (RFC 8446, 5.1).</summary>
    BadRecordLength,

    /// <summary>Nothing but handshake records comes before the hello is complete.</summary>
    Interrupted,

    /// <summary>The hello takes at most <see cref="ProtocolLimits.ClientHelloBytes"/> with the headers of its records.</summary>
    TooLong,

    /// <summary>The parts of the hello fill it exactly, each with a length that is allowed for it.</summary>
    BadLength,

    /// <summary>An extension comes once.</summary>
    ExtensionRepeated,

    /// <summary>The server name extension has one host name of legal characters (RFC 6066, 3).</summary>
    BadServerName,

    /// <summary>The protocol extension lists names that are not empty (RFC 7301, 3.1), at most <see cref="ProtocolLimits.ApplicationProtocols"/>.</summary>
    BadApplicationProtocols,
}
