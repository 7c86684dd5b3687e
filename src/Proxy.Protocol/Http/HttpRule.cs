namespace Proxy.Protocol.Http;

/// <summary>The rules of HTTP/1.x that a peer of a forward proxy can break (RFC 9112). A message that two readers could read differently is refused.</summary>
public enum HttpRule
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>A head has at most <see cref="ProtocolLimits.HttpHeadBytes"/>.</summary>
    HeadTooLong,

    /// <summary>A head has at most <see cref="ProtocolLimits.HttpFields"/> fields.</summary>
    TooManyFields,

    /// <summary>A request begins with METHOD SP TARGET SP HTTP/1.0 or 1.1.</summary>
    BadRequestLine,

    /// <summary>A response begins with HTTP/1.0 or 1.1 and a status of three digits.</summary>
    BadStatusLine,

    /// <summary>A line ends in CR LF, and neither is elsewhere.</summary>
    BadLineEnd,

    /// <summary>A field is a token, a colon without a space before it, and a value without control characters, on one line.</summary>
    BadField,

    /// <summary>A body's length is said once and in one way.</summary>
    BadLength,

    /// <summary>The only coding of a transfer is chunked, once.</summary>
    BadTransferCoding,

    /// <summary>A chunk begins with its size in hexadecimal digits.</summary>
    BadChunk,

    /// <summary>A target is HOST:PORT for CONNECT, and http://HOST[:PORT]/… for the others.</summary>
    BadTarget,

    /// <summary>Of the schemes a proxy fetches only http; for https there is CONNECT.</summary>
    UnknownScheme,
}
