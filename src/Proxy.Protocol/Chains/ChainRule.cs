namespace Proxy.Protocol.Chains;

/// <summary>The rules that a chain header can break. A broken request is answered with <see cref="ChainStatus.Malformed"/>.</summary>
public enum ChainRule
{
    /// <summary>Nothing is broken.</summary>
    None = 0,

    /// <summary>The first byte is 1, or 0x81 where a sealed header may come.</summary>
    UnknownVersion,

    /// <summary>The command is 1, 2 or 3.</summary>
    UnknownCommand,

    /// <summary>The status is 0 to 9.</summary>
    UnknownStatus,

    /// <summary>A request has at most <see cref="ProtocolLimits.ChainRequestBytes"/>.</summary>
    HeaderTooLong,

    /// <summary>A response's text has at most <see cref="ProtocolLimits.ChainTextBytes"/>.</summary>
    TextTooLong,

    /// <summary>The address is of type 1, 3 or 4.</summary>
    UnknownAddressType,

    /// <summary>The address ends within the header.</summary>
    AddressCut,

    /// <summary>A name has letters, digits, hyphens, underscores and dots, in labels of 1 to 63.</summary>
    BadName,

    /// <summary>What is to be connected to has a port.</summary>
    PortMissing,

    /// <summary>The next-hop kind is 0 or 1.</summary>
    UnknownNextHopKind,

    /// <summary>Each field ends within the header.</summary>
    FieldCut,

    /// <summary>A field comes once.</summary>
    FieldRepeated,

    /// <summary>A field's value has its type's form.</summary>
    BadField,

    /// <summary>A sealed header has room for what it must hold, and not for more than it may.</summary>
    SealedLength,

    /// <summary>A seal holds one header and nothing behind it.</summary>
    SealedRest,
}
