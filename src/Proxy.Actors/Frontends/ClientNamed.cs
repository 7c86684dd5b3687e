using Proxy.Policy.Rules;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>
/// From a connection to its listener, which is its parent: the proxy in front has named the client (or has said that it speaks for itself: then
/// its own address). Answered by <see cref="ClientAllowed"/> or <see cref="ClientRefused"/>; refused, the connection ends itself.
/// </summary>
internal sealed record ClientNamed(NetworkAddress Client);

/// <summary>The rules allow that client and it has a place.</summary>
internal sealed record ClientAllowed
{
    public static readonly ClientAllowed Instance = new();
}

/// <summary>The client may not come in; it is counted and reported as one that was refused at accept.</summary>
internal sealed record ClientRefused(EndReason Reason, string Text);
