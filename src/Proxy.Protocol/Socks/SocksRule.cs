namespace Proxy.Protocol.Socks;

/// <summary>The rules that a SOCKS client can break. Where the version has an answer for it the client gets it; then its connection is closed.</summary>
public enum SocksRule
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>The first byte is 4 or 5, and that version is spoken here.</summary>
    UnknownVersion,

    /// <summary>Among the methods offered is one that is taken here: 0 where nobody is asked who he is, 2 where everybody is.</summary>
    NoCommonMethod,

    /// <summary>Name and password have the form of RFC 1929.</summary>
    BadCredentialsForm,

    /// <summary>Name and password are right.</summary>
    WrongCredentials,

    /// <summary>The request's version is the greeting's.</summary>
    BadRequestVersion,

    /// <summary>The command is 1, 2 or 3; version 4 has no 3.</summary>
    UnknownCommand,

    /// <summary>The address is of type 1, 3 or 4.</summary>
    UnknownAddressType,

    /// <summary>A name has letters, digits, hyphens, underscores and dots, in labels of 1 to 63.</summary>
    BadName,

    /// <summary>What is to be connected to has a port.</summary>
    PortMissing,

    /// <summary>A text of version 4 ends within 255 bytes.</summary>
    TextTooLong,
}
