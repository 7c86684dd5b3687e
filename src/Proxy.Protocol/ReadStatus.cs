namespace Proxy.Protocol;

/// <summary>How an attempt to read a message from bytes went; what a peer sends can only ever give one of these three.</summary>
public enum ReadStatus
{
    /// <summary>One message was read and its bytes were taken.</summary>
    Done,

    /// <summary>The bytes so far are right but not the whole message.</summary>
    NeedMore,

    /// <summary>The bytes break a rule that the reader names; nothing more can be read from this source.</summary>
    Malformed,
}
