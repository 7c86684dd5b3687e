namespace Proxy.Policy.Limits;

/// <summary>Why a connection was not admitted.</summary>
public enum RefusalReason
{
    /// <summary>The node has as many connections as it may have.</summary>
    TotalConnections,

    /// <summary>The listener has as many as it may have.</summary>
    ListenerConnections,

    /// <summary>The client's address has as many as it may have on this listener.</summary>
    SourceConnections,

    /// <summary>The network around the client's address has as many as it may have on this listener.</summary>
    PrefixConnections,

    /// <summary>More came in a short time than the listener may accept.</summary>
    AcceptRate,

    /// <summary>It would have had to wait, and as many wait as may.</summary>
    QueueFull,

    /// <summary>It waited as long as a connection may.</summary>
    QueueDeadline,
}
