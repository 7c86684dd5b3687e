namespace Proxy.Protocol.Socks;

/// <summary>How a request went (RFC 1928, 6). Version 4 knows only granted (90) and not (91).</summary>
public enum SocksReply : byte
{
    Succeeded = 0,
    GeneralFailure = 1,
    NotAllowed = 2,
    NetworkUnreachable = 3,
    HostUnreachable = 4,
    ConnectionRefused = 5,
    TimeToLiveExpired = 6,
    CommandNotSupported = 7,
    AddressTypeNotSupported = 8,
}
