using Proxy.Cluster;
using Proxy.Cluster.Members;
using Proxy.Kernel;
using Proxy.Protocol.Announcements;

namespace Proxy.Actors;

// What the client is told of this server and of its cluster: load with each answer to a PING, beside opened streams, and when it has changed by a
// tenth; members as they change.
internal sealed partial class ServerTunnelActor
{
    private readonly ToldMembers _toldMembers = new();
    private LoadAnnouncement? _toldLoad;
    private long _toldAtMicroseconds;

    private void BeginTelling(TunnelLink link)
    {
        if (_principal is null)
        {
            // The dialect of vproxy tells nothing.
            return;
        }

        TellLoad(link);
        Context.System.EventStream.Subscribe<MemberViewChanged>(Self);
        Context.System.EventStream.Subscribe<NodeLoadMeasured>(Self);
        _server.Cluster.Actor?.Tell(GetMemberView.Instance, Self);
    }

    private void ReceiveNewsToTell(TunnelLink link)
    {
        Receive<TunnelEvents.Pinged>(_ => TellLoad(link));
        Receive<NodeLoadMeasured>(_ => TellLoadIfChanged(link));
        Receive<MemberViewChanged>(changed => TellMembers(link, changed.View));
        Receive<MemberView>(view => TellMembers(link, view));
    }

    private void TellMembers(TunnelLink link, MemberView view)
    {
        foreach (var member in _toldMembers.Update(view))
        {
            link.Announce(member);
        }
    }

    private void TellLoad(TunnelLink link)
    {
        (_toldLoad, _toldAtMicroseconds) = (_server.Cluster.Load.Now, link.Loop.NowMicroseconds);
        link.Announce(_toldLoad);
    }

    private void TellLoadIfChanged(TunnelLink link)
    {
        if (_toldLoad is null || ToLoad(_server.Cluster.Load.Now).DiffersByATenth(ToLoad(_toldLoad)))
        {
            TellLoad(link);
        }
    }

    // Whoever opens many streams hears often how many others do.
    private void TellLoadBesideStream(TunnelLink link)
    {
        if (link.Loop.NowMicroseconds - _toldAtMicroseconds >= BetweenLoadsMicroseconds)
        {
            TellLoad(link);
        }
    }

    private static MemberLoad ToLoad(LoadAnnouncement told) => new(told.Streams, (long)told.BytesPerSecond, told.CpuPermille, told.Descriptors);

    private const long BetweenLoadsMicroseconds = 200_000;
}
