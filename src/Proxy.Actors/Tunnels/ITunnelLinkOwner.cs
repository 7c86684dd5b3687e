using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>Whom a <see cref="TunnelLink"/> tells about the tunnel itself, on the loop's thread; what streams have to say goes to their handlers.</summary>
internal interface ITunnelLinkOwner
{
    /// <summary>The handshake is done.</summary>
    void OnReady();

    /// <summary>The peer opened a stream; nothing of it is delivered before <see cref="TunnelStreamChannel.ResumeReceive"/>.</summary>
    void OnStreamOpened(TunnelStreamChannel channel);

    /// <summary>Native dialect: the peer has been silent for so long that it may be gone. Nothing has ended.</summary>
    void OnSuspected(string why);

    /// <summary>Native dialect: the peer was heard again.</summary>
    void OnTrusted();

    /// <summary>Something else about the tunnel that its owner may act on, and that a log should say.</summary>
    void OnNews(TunnelNews news, string text);

    /// <summary>Native dialect, server: the client asked whether we are there, and was answered.</summary>
    void OnPinged();

    /// <summary>Native dialect, client: the server tells of itself or of its cluster.</summary>
    void OnAnnounced(TunnelAnnouncement announcement);

    /// <summary>The tunnel has ended and all its streams with it. Comes once.</summary>
    void OnClosed(EndReason reason, string text);

    /// <summary>Its last words were heard, or have had their time: the link may go. Comes once, last.</summary>
    void OnSilent();
}
