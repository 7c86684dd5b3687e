using System.Net;

namespace Proxy.Transport;

/// <summary>A bound socket that accepts: TCP connections, or flows of datagrams. For its loop's thread only.</summary>
public interface IListener
{
    /// <summary>The bound address, with the port that was given for port 0.</summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>Stops listening; connections accepted before live on. No handler call comes after it.</summary>
    void Close();
}

/// <summary>Whom a listener tells what it accepted, on the loop's thread.</summary>
public interface IAcceptHandler
{
    /// <summary>A connection was accepted. The handler either gives it to <see cref="IIoLoop.Adopt"/> or refuses it.</summary>
    void OnAccepted(IAcceptedConnection connection);

    /// <summary>Accepting failed (descriptors ran out); the listener tries again by itself, with a pause.</summary>
    void OnAcceptFailed(TransportFault fault);
}

/// <summary>
/// An accepted connection that no loop owns yet. Nothing is read from it. May be handed to another thread, unless it is a flow of datagrams
/// (<see cref="UdpFlow"/>), which stays on the loop of its listener.
/// </summary>
public interface IAcceptedConnection
{
    IPEndPoint RemoteEndPoint { get; }

    IPEndPoint LocalEndPoint { get; }

    /// <summary>
    /// Where the client had connected to before this machine's packet filter redirected it here; null: it is not known, or not so. To be asked
    /// before the connection is adopted.
    /// </summary>
    IPEndPoint? OriginalDestination => null;

    /// <summary>Closes it with a reset, without a word.</summary>
    void Refuse();
}
