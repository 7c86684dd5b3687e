namespace Proxy.Actors;

/// <summary>What clients of a frontend speak that say themselves where they want to go.</summary>
[Flags]
public enum ForwardProtocols
{
    None = 0,

    /// <summary>SOCKS 5, and 4 and 4a where nobody is asked who he is.</summary>
    Socks = 1,

    /// <summary>HTTP/1.x: CONNECT, and requests for http://…</summary>
    Http = 2,

    /// <summary>Nothing is said: this machine's packet filter has redirected the client here and knows where it had connected to. Alone.</summary>
    Redirect = 4,

    /// <summary>The same by TPROXY: the client does not notice, as what it connected to is the socket's own address. Alone; TCP or UDP.</summary>
    Transparent = 8,
}

/// <summary>A frontend whose clients say where they want to go; names are resolved at the far end.</summary>
public sealed record ForwardProxySettings
{
    /// <summary>More than one: the first byte of a connection says which.</summary>
    public required ForwardProtocols Protocols { get; init; }

    /// <summary>Null: nobody is asked who he is.</summary>
    public ProxyUsers? Users { get; init; }

    /// <summary>What is added as Via to requests and responses; null: nothing.</summary>
    public string? Via { get; init; }

    /// <summary>As URLs of listeners begin.</summary>
    public string Scheme => Protocols switch
    {
        ForwardProtocols.Socks => "socks5",
        ForwardProtocols.Http => "http",
        ForwardProtocols.Redirect => "redirect",
        ForwardProtocols.Transparent => "tproxy",
        _ => "mixed",
    };
}
