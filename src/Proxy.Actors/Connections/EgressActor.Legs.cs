using Proxy.Protocol.Ends;

namespace Proxy.Actors;

// Next hops behind a tunnel of this node's own: a stream of it in place of a connection.
internal sealed partial class EgressActor
{
    private void WaitingForTunnel(Job job)
    {
        Receive<TunnelPoolActor.Granted>(granted => Join(job, granted.Link));
        Receive<TunnelPoolActor.NoOther>(_ => Context.Timers.StartSingleTimer(Timer.Retry, Timer.Retry, RetryAfterRefusal));
        Receive<TunnelPoolActor.Refused>(refused => Refuse(job, EndReason.NoTunnel, refused.Text));
        Receive<Timer>(timer => timer == Timer.Retry, _ => _pool!.Actor.Tell(TunnelPoolActor.Acquire.Instance, Self));
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<Timer>(_ => Refuse(job, EndReason.ConnectTimeout, "no tunnel to this hop came up in time"));
    }

    private void Joining(Job job)
    {
        Receive<HopLeg.Opened>(_ => HandleJoined(job));
        Receive<HopLeg.Lost>(lost => HandleLegLost(job, lost.Reason));

        // What crossed the grant.
        Receive<TunnelPoolActor.Granted>(_ => { });
        ReceiveWhileOpening(job);
    }

    private void GoThrough(Job job, PoolPart pool)
    {
        NoteDialling(job);
        _pool = pool;
        _leg = new HopLeg(Self, job.Behind);

        // Who began the chain waits as long as a connect may take, and is to hear of it before that is over.
        SetDeadline(_settings.Timeouts.Connect / 2);
        Become(() => WaitingForTunnel(job));
        pool.Actor.Tell(TunnelPoolActor.Acquire.Instance, Self);
    }

    private void Join(Job job, TunnelLink link)
    {
        if (!link.CanOpen)
        {
            _pool!.Actor.Tell(TunnelPoolActor.Acquire.Instance, Self);
            return;
        }

        _link = link;
        Become(() => Joining(job));
        _leg!.Attach(link);
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
            Refuse(job, EndReason.ResetByUpstream, fault.Text);
            return;
        }

        var leg = _leg;
        _leg = null;
        if (_stream is TunnelStreamChannel stream)
        {
            stream.DistanceBehind = () => leg.ResetDistance;
        }

        // What was behind the header has gone with the stream's first bytes.
        BeginRelaying(job with { Behind = [] }, leg.Channel);
    }

    /// <summary>Nothing was processed, and another tunnel, or this one a moment later, may take it.</summary>
    private void HandleLegLost(Job job, EndReason reason)
    {
        Become(() => WaitingForTunnel(job));
        _pool!.Actor.Tell(
            reason is EndReason.TunnelLost or EndReason.PeerShutDown or EndReason.KilledLocally
                ? TunnelPoolActor.Acquire.Instance
                : new TunnelPoolActor.AcquireOther(_link!),
            Self);
    }

    private void LeaveLeg()
    {
        if (_leg is { } leg)
        {
            _pool!.Actor.Tell(TunnelPoolActor.Abandon.Instance, Self);
            leg.Channel.Abort();
        }
    }

    private TunnelLink? _link;                    // of the leg that was opened last

    private static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(100);
}
