using System.Net;
using Proxy.Kernel;
using Proxy.Protocol;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

// Destinations behind chains of this server's own: it is an access server that is itself reached through a tunnel or a chain.
internal sealed partial class EgressActor
{
    private IActorRef? _chains;                   // who chose, and hears how it went
    private ChainSetActor.Chosen? _chosen;
    private ChainWay? _way;                       // null: nothing but a leg, or a dial

    private void ChoosingChain(Job job)
    {
        Receive<ChainSetActor.Chosen>(chosen =>
        {
            _chosen = chosen;
            TakeWay(job, chosen.Way);
        });
        ReceiveWhileOpening(job);
    }

    private void DiallingFirstHop(Job job)
    {
        Receive<Resolved>(resolved => DialFirstHop(job, resolved.Addresses));
        Receive<Status.Failure>(failure => RefuseWay(job, EndReason.NameNotFound, failure.Cause.Message));
        Receive<Dial.Dialed>(dialed => HandleFirstHop(job, dialed));
        Receive<Dial.DialFailed>(failed => RefuseWay(job, failed.Failure.Reason.ToEndReason(), failed.Failure.ToString()));
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<Timer>(_ => RefuseWay(job, EndReason.ConnectTimeout, "the first hop did not answer"));
    }

    /// <summary>The rules that hold are those of the chain's last hop, which sees the address.</summary>
    private void ChooseChain(Job job, ChainSetPart chains)
    {
        if (job.IsUdp)
        {
            Refuse(job, EndReason.NotAllowed, "this server goes on through a chain, which carries no UDP from here");
            return;
        }

        if (job.Fields.HopBudget == 0)
        {
            Refuse(job, EndReason.Loop, "the chain may have no more hops");
            return;
        }

        _chains = chains.Actor;
        SetDeadline(_settings.Timeouts.Connect);
        Become(() => ChoosingChain(job));
        _chains.Tell(ChainSetActor.Choose.Instance, Self);
    }

    private void TakeWay(Job job, ChainWay way)
    {
        _way = way;
        if (way.Hops.Count + (way.HasTunnel ? 1 : 0) > (job.Fields.HopBudget ?? ProtocolLimits.ChainHops))
        {
            Refuse(job, EndReason.Loop, "the chain may not have so many more hops");
            return;
        }

        if (way.HasTunnel)
        {
            GoThrough(job, way.PoolOn(_loop));
            return;
        }

        NoteDialling(job);
        _leg = new OnwardLeg(Self, job.Behind);
        Become(() => DiallingFirstHop(job));
        if (way.Hops[0].Address is { Address: { } address })
        {
            DialFirstHop(job, [address]);
            return;
        }

        _ = _plan.Environment.Resolver.ResolveAsync(way.Hops[0].Address.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    private void DialFirstHop(Job job, IPAddress[] addresses)
    {
        var port = _way!.Hops[0].Address.Port;
        var others = Array.FindAll(addresses, address => !_plan.Environment.Own.Contains(address, port));
        if (others.Length == 0)
        {
            RefuseWay(job, addresses.Length == 0 ? EndReason.NameNotFound : EndReason.Loop, "the first hop has no address but this node's own");
            return;
        }

        _dial = new Dial(Self, _loop, others.Select(address => new IPEndPoint(address, port)), _settings.Timeouts.Connect, sources: _settings.Sources);
    }

    private void HandleFirstHop(Job job, Dial.Dialed dialed)
    {
        if (dialed.Watch.Fault is { } fault)
        {
            RefuseWay(job, EndReason.ChainBroken, fault.Text);
            return;
        }

        var path = PathOf(job, link: null);
        Become(() => Joining(job));
        _leg!.Attach(_dial!.Take(), path, CallOf(path));
        _dial = null;
    }

    /// <summary>Which hop it was is this node's affair: who asked knows of none of them.</summary>
    private void HandleChainRefused(Job job, ChainFailure failure)
    {
        TellChain(works: failure.Reason is EndReason.NotAllowed or EndReason.Loop || failure.Hop > _way!.Hops.Count + (_way.HasTunnel ? 1 : 0), failure.Text);
        _plan.Egress.Log.Info($"{_record.Peer} -> {job.Text}: {failure.Text}");
        Refuse(job, failure.Reason, "this server's chain did not get there");
    }

    /// <summary>The way failed before anything was processed behind it.</summary>
    private void RefuseWay(Job job, EndReason reason, string text)
    {
        TellChain(works: false, text);
        Refuse(job, reason, text);
    }

    private void TellChain(bool works, string text = "")
    {
        if (_chosen is { } chosen)
        {
            _chains!.Tell(works ? new ChainSetActor.Works(chosen.Index) : new ChainSetActor.Failed(chosen.Index, text), Self);
        }
    }

    private ChainPath PathOf(Job job, TunnelLink? link) => _way!.PathThrough(link, job.Destination) with
    {
        Source = job.Fields with { HopBudget = null, TraceId = null },
        TraceId = job.Fields.TraceId,
        HopBudget = (byte)((job.Fields.HopBudget ?? ProtocolLimits.ChainHops) - 1),
        TellsBudget = true,
    };

    private ChainCall CallOf(ChainPath path) =>
        new(path, _plan.Environment.Secrets, Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
}
