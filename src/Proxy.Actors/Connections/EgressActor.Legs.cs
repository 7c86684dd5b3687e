using Proxy.Kernel;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

// Ways on that begin with a tunnel of this node's own: a stream of it in place of a connection.
internal sealed partial class EgressActor
{
    private TunnelLink? _link;                    // of the stream that was opened last

    private void WaitingForTunnel(Job job)
    {
        Receive<TunnelPoolActor.Granted>(granted => Join(job, granted.Link));
        Receive<TunnelPoolActor.NoOther>(_ => Context.Timers.StartSingleTimer(Timer.Retry, Timer.Retry, RetryAfterRefusal));
        Receive<TunnelPoolActor.Refused>(refused => RefuseWay(job, EndReason.NoTunnel, refused.Text));
        Receive<Timer>(timer => timer == Timer.Retry, _ => AskForTunnel());
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<Timer>(_ => RefuseWay(job, EndReason.ConnectTimeout, "no tunnel to this hop came up in time"));
    }

    private void Joining(Job job)
    {
        Receive<OnwardLeg.Opened>(_ => HandleJoined(job));
        Receive<OnwardLeg.Lost>(lost => HandleLegLost(job, lost.Reason));
        Receive<OnwardLeg.Refused>(refused => HandleChainRefused(job, refused.Failure));

        // What crossed the grant.
        Receive<TunnelPoolActor.Granted>(_ => { });
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<Timer>(timer => timer == Timer.Retry, _ => { });
        Receive<Timer>(_ => RefuseWay(job, EndReason.ConnectTimeout, "no connection in time"));
    }

    private void GoThrough(Job job, PoolPart pool)
    {
        NoteDialling(job);
        _pool = pool;
        _leg = new OnwardLeg(Self, job.Behind);

        // Who began the chain waits as long as a connect may take, and is to hear of it before that is over.
        SetDeadline(_settings.Timeouts.Connect / 2);
        Become(() => WaitingForTunnel(job));
        AskForTunnel();
    }

    private void AskForTunnel() => _pool!.Actor.Tell(TunnelPoolActor.Acquire.Instance, Self);

    private void Join(Job job, TunnelLink link)
    {
        if (!link.CanOpen)
        {
            AskForTunnel();
            return;
        }

        _link = link;
        Become(() => Joining(job));
        if (_way is null)
        {
            _leg!.Attach(link, null, null);
            return;
        }

        var path = PathOf(job, link);
        _leg!.Attach(link, path, CallOf(path));
    }

    private void HandleJoined(Job job)
    {
        if (EndOfStream != EndReason.None)
        {
            End(EndOfStream, job.Text, "");
            return;
        }

        if (_leg!.Fault is { } fault)
        {
            RefuseWay(job, EndReason.ResetByUpstream, fault.Text);
            return;
        }

        var leg = _leg;
        _leg = null;
        if (_way is null && _stream is TunnelStreamChannel stream)
        {
            stream.DistanceBehind = () => leg.ResetDistance;
        }

        TellChain(works: true);

        // What was behind the header has gone with the stream's first bytes.
        BeginRelaying(job with { Behind = [] }, leg.Channel, leg.Early);
    }

    /// <summary>Nothing was processed, and another tunnel, or this one a moment later, may take it.</summary>
    private void HandleLegLost(Job job, EndReason reason)
    {
        Become(() => WaitingForTunnel(job));
        if (reason is EndReason.TunnelLost or EndReason.PeerShutDown or EndReason.KilledLocally)
        {
            AskForTunnel();
            return;
        }

        _pool!.Actor.Tell(new TunnelPoolActor.AcquireOther(_link!), Self);
    }

    private void LeaveLeg()
    {
        if (_leg is { } leg)
        {
            _pool?.Actor.Tell(TunnelPoolActor.Abandon.Instance, Self);
            leg.Channel.Abort();
        }
    }

    private static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(100);
}
