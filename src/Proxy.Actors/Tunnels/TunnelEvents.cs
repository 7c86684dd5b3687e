using Proxy.Kernel;
using Proxy.Protocol.Announcements;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

/// <summary>A link's events as messages to the actor that steers it: handlers are called between an actor's messages, not inside them.</summary>
internal sealed class TunnelEvents(IActorRef owner) : ITunnelLinkOwner
{
    public void OnReady() => owner.Tell(Ready.Instance, ActorRefs.NoSender);

    public void OnStreamOpened(TunnelStreamChannel channel) => owner.Tell(new StreamOpened(channel), ActorRefs.NoSender);

    public void OnSuspected(string why) => owner.Tell(new Suspected(why), ActorRefs.NoSender);

    public void OnTrusted() => owner.Tell(Trusted.Instance, ActorRefs.NoSender);

    public void OnNews(TunnelNews news, string text) => owner.Tell(new News(news, text), ActorRefs.NoSender);

    public void OnPinged() => owner.Tell(Pinged.Instance, ActorRefs.NoSender);

    public void OnAnnounced(TunnelAnnouncement announcement) => owner.Tell(new Announced(announcement), ActorRefs.NoSender);

    public void OnClosed(EndReason reason, string text) => owner.Tell(new Closed(reason, text), ActorRefs.NoSender);

    public void OnSilent() => owner.Tell(Silent.Instance, ActorRefs.NoSender);

    internal sealed record Ready
    {
        public static readonly Ready Instance = new();
    }

    internal sealed record StreamOpened(TunnelStreamChannel Channel);

    internal sealed record Suspected(string Why);

    internal sealed record Trusted
    {
        public static readonly Trusted Instance = new();
    }

    internal sealed record News(TunnelNews Kind, string Text);

    internal sealed record Pinged
    {
        public static readonly Pinged Instance = new();
    }

    internal sealed record Announced(TunnelAnnouncement Announcement);

    internal sealed record Closed(EndReason Reason, string Text);

    internal sealed record Silent
    {
        public static readonly Silent Instance = new();
    }
}
