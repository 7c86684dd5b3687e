using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>A client that has said where it wants to go and waits for an answer; as a channel, what it sends and gets behind that. For the loop's thread only.</summary>
internal interface IAskedClient : IChannel
{
    /// <summary>It went away before anybody listened to the channel; null: it did not.</summary>
    TransportFault? Fault { get; }

    /// <summary>The way is open: it is told so before the first byte comes from there.</summary>
    void Grant();

    /// <summary>The way does not open. It is told why when the channel is aborted, which is then no reset. Does nothing behind <see cref="Grant"/>.</summary>
    void Refuse(EndReason reason, string text);
}

/// <summary>A connection for such a client.</summary>
/// <param name="Record">Its record, which is the connection's from now on.</param>
/// <param name="Unread">What it has sent behind its wish.</param>
internal sealed record AskedConnection(IAskedClient Client, ConnectionRecord Record, byte[] Unread);
