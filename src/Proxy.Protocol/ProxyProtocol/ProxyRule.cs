namespace Proxy.Protocol.ProxyProtocol;

/// <summary>The rules that a PROXY header can break. The connection that brought it is to be closed.</summary>
public enum ProxyRule
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>The connection starts with "PROXY " or with the signature of version 2.</summary>
    NoHeader,

    /// <summary>Version 1: at most <see cref="ProxyHeaderV1.MaxLengthBytes"/> with the line end.</summary>
    LineTooLong,

    /// <summary>Version 1: the line ends with CR LF, and neither stands alone.</summary>
    BadLineEnd,

    /// <summary>Version 1: TCP4, TCP6 or UNKNOWN.</summary>
    UnknownProtocol,

    /// <summary>Version 1: two addresses and two ports with one space before each, and nothing else.</summary>
    BadLine,

    /// <summary>Version 1: an address has its protocol's family and usual form.</summary>
    BadAddress,

    /// <summary>Version 1: a port is 0 to 65535, without leading zeros.</summary>
    BadPort,

    /// <summary>Version 2: the version is 2.</summary>
    UnknownVersion,

    /// <summary>Version 2: the command is LOCAL or PROXY.</summary>
    UnknownCommand,

    /// <summary>Version 2: the address family is 0 to 3.</summary>
    UnknownFamily,

    /// <summary>Version 2: the transport is 0 to 2.</summary>
    UnknownTransport,

    /// <summary>Version 2: at most <see cref="ProtocolLimits.ProxyHeaderBytes"/>.</summary>
    HeaderTooLong,

    /// <summary>Version 2: the length covers the addresses of the family.</summary>
    AddressCut,

    /// <summary>Version 2: each field ends within the header, and each field of the TLS field within that.</summary>
    FieldCut,

    /// <summary>Version 2: at most <see cref="ProtocolLimits.ProxyFields"/> on each level.</summary>
    TooManyFields,

    /// <summary>Version 2: a field of a registered type comes once.</summary>
    FieldRepeated,

    /// <summary>Version 2: a field's value has its type's form.</summary>
    BadField,

    /// <summary>Version 2: the checksum, where there is one, is that of the header.</summary>
    BadChecksum,
}
