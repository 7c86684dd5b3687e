using System.Buffers.Binary;
using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Routes;
using Proxy.Policy.Rules;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Protocol.Ends;

namespace Proxy.Actors;

// The way to the first hop: which chain, then a tunnel or a dial.
internal sealed partial class TunnelConnectionActor
{
    private IActorRef? _chains;                   // who chose, and hears how it went
    private ChainSetActor.Chosen? _chosen;
    private ChainWay _way = null!;
    private TunnelLink? _link;                    // of the last stream that was opened
    private Dial? _dial;
    private int _choices;

    private sealed record HopResolved(ChainWay Way, IPAddress[] Addresses, string Problem);

    /// <summary>More chains than this one are there, so it is not waited for as if it were the only one.</summary>
    private bool HasAlternative => _chosen is { } chosen && _choices < chosen.Alternatives;

    private void ChoosingChain()
    {
        Receive<ChainSetActor.Chosen>(chosen =>
        {
            _chosen = chosen;
            _choices++;
            Take(chosen.Way);
        });
        ReceiveWhileWaiting("no chain was there");
    }

    private void WaitingForTunnel()
    {
        Receive<TunnelPoolActor.Granted>(HandleGranted);
        Receive<TunnelPoolActor.NoOther>(_ => Context.Timers.StartSingleTimer(Timer.Retry, Timer.Retry, RetryAfterRefusal));
        Receive<TunnelPoolActor.Refused>(refused => HandleNoEntry(refused.Reason, refused.Text));
        Receive<Timer>(timer => timer == Timer.Retry, _ => AskForTunnel());
        Receive<Timer>(timer => timer == Timer.Doubt, _ => { });
        Receive<Timer>(timer => timer == Timer.EntryDeadline, _ => HandleNoEntry(EndReason.NoTunnel, "no tunnel to the first hop"));
        ReceiveWhileWaiting("no tunnel came up");
    }

    private void Dialling()
    {
        Receive<HopResolved>(resolved => resolved.Way == _way, BeginDial);
        Receive<Dial.Dialed>(dialed => dialed.Dial == _dial, HandleDialed);
        Receive<Dial.DialFailed>(
            failed => failed.Dial == _dial, failed => HandleNoEntry(failed.Failure.Reason.ToEndReason(), $"{FirstHop}: {failed.Failure}"));
        Receive<Timer>(timer => timer == Timer.EntryDeadline, _ => HandleNoEntry(EndReason.ConnectTimeout, $"{FirstHop} did not answer"));
        ReceiveWhileWaiting("the first hop did not answer");
    }

    private string FirstHop => _way.IsDirect ? $"{_plan.Destination}" : $"hop 1 ({_way.Hops[0].Address})";

    /// <summary>What is dialled when there is no tunnel.</summary>
    private Destination FirstAddress => _way.IsDirect ? _plan.Destination! : _way.Hops[0].Address;

    private void ReceiveWhileWaiting(string what)
    {
        ReceiveLate();
        Receive<Timer>(_ =>
        {
            LeaveEntry();
            var text = $"{what} within {_settings.Timeouts.Connect.TotalSeconds:0.#} s";
            TellFailed(text);
            EndWith(_way is { HasTunnel: false } ? EndReason.ConnectTimeout : EndReason.NoTunnel, text);
        });
        Receive<RelayEvents.Ended>(ended =>
        {
            LeaveEntry();
            HandleEnded(ended);
        });
        Receive<RelayEvents.HalfClosed>(_ => { });
    }

    /// <summary>What crossed the end of waiting for it; a tunnel that is not used is nobody's.</summary>
    private void ReceiveLate()
    {
        Receive<TunnelPoolActor.Granted>(_ => { });
        Receive<TunnelPoolActor.NoOther>(_ => { });
        Receive<TunnelPoolActor.Refused>(_ => { });
        Receive<HopResolved>(_ => { });
        Receive<Dial.Dialed>(_ => { });
        Receive<Dial.DialFailed>(_ => { });
    }

    private void FindWay()
    {
        _record.Phase = ConnectionPhase.Queued;
        if (_plan.Way is { } way)
        {
            Take(way);
            return;
        }

        var destination = _plan.Destination!;
        var (action, rule) = _plan.Routes!.Decide(destination.Name, destination.Address, destination.Port, _record.Client.Address);
        switch (action.Kind)
        {
            case RouteKind.Block:
                EndWith(EndReason.NotAllowed, $"the route '{rule}' blocks it");
                break;
            case RouteKind.Direct:
                Take(ChainWay.Direct);
                break;
            default:
                _chains = _plan.ChainSets[action.ChainSet!].Actor;
                Become(ChoosingChain);
                _chains.Tell(ChainSetActor.Choose.Instance);
                break;
        }
    }

    private void Take(ChainWay way)
    {
        _way = way;
        if (HasAlternative)
        {
            Context.Timers.StartSingleTimer(Timer.EntryDeadline, Timer.EntryDeadline, EntryPatience);
        }

        if (_plan.IsUdp && way.FirstWithoutKey is { } open)
        {
            HandleNoEntry(EndReason.NotAllowed, $"hop {open}: datagrams go to hops that have a key");
            return;
        }

        if (way.HasTunnel)
        {
            AskForTunnel();
            return;
        }

        NoteAttempt();
        Become(Dialling);
        if (FirstAddress is { Address: { } address })
        {
            BeginDial(new HopResolved(way, [address], ""));
            return;
        }

        _ = _plan.Environment.Resolver.ResolveAsync(FirstAddress.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new HopResolved(way, addresses, ""), failure: failure => new HopResolved(way, [], failure.Message));
    }

    private void AskForTunnel()
    {
        _record.Phase = ConnectionPhase.Queued;
        Become(WaitingForTunnel);
        _way.PoolOn(_loop).Actor.Tell(new TunnelPoolActor.Acquire(NetworkAddress.From(_record.Client.Address)));
    }

    private void HandleGranted(TunnelPoolActor.Granted granted)
    {
        var link = granted.Link;
        if (!link.CanOpen)
        {
            _way.PoolOn(_loop).Actor.Tell(new TunnelPoolActor.Acquire(NetworkAddress.From(_record.Client.Address)));
            return;
        }

        if (!ReferenceEquals(link.Loop, _loop))
        {
            // Settings see to it that there is none such; streams and sockets of two threads must never meet.
            EndWith(EndReason.NoTunnel, "the tunnel lives on another loop");
            return;
        }

        NoteAttempt();
        _link = link;
        Context.Timers.Cancel(Timer.EntryDeadline);
        Become(Opening);
        if (granted.HasOthers)
        {
            DoubtLater();
        }

        if (_plan.Destination is null && _way.IsTunnelAlone)
        {
            _leg.Attach(link, null, null);
            return;
        }

        var path = PathThrough(link);
        if (_plan.IsUdp && path.Hops.Count > 1)
        {
            // The tunnel's server only hands on; what the hops behind it need to know is in each datagram.
            CallByDatagrams(path, firstHop: 1);
            path = new ChainPath([path.Hops[0]], path.Hops[1].Address) { EndsAtHop = true, Command = ChainCommand.Udp, TraceId = path.TraceId, HopBudget = path.HopBudget };
        }

        _leg.Attach(link, path, Call(path));
    }

    private void CallByDatagrams(ChainPath path, int firstHop)
    {
        var clock = Context.System.TimeProvider;
        _leg.UnixMilliseconds = () => clock.GetUtcNow().ToUnixTimeMilliseconds();
        _leg.Datagrams?.Dispose();
        _leg.Datagrams = new DatagramCall(path, firstHop, _plan.Environment.Secrets);
    }

    private void BeginDial(HopResolved resolved)
    {
        if (resolved.Addresses.Length == 0)
        {
            HandleNoEntry(EndReason.NameNotFound, $"{FirstHop} has no address{(resolved.Problem.Length > 0 ? ": " + resolved.Problem : "")}");
            return;
        }

        var port = FirstAddress.Port;
        if (_way.IsDirect && Array.TrueForAll(resolved.Addresses, address => _plan.Environment.Own.Contains(address, port, _plan.IsUdp)))
        {
            HandleNoEntry(EndReason.Loop, $"{FirstHop} is one of this node's own listeners");
            return;
        }

        var addresses = resolved.Addresses;
        if (_way.IsDirect && _plan.Routes is { } routes)
        {
            addresses = Array.FindAll(addresses, address => routes.Direct.Allows(FirstAddress.Name, address, port));
            if (addresses.Length == 0)
            {
                HandleNoEntry(EndReason.NotAllowed, $"{FirstHop}: no rule of the table's 'direct' allows {string.Join(", ", resolved.Addresses.AsEnumerable())}");
                return;
            }
        }

        _dial = new Dial(Self, _loop, addresses.Select(address => new IPEndPoint(address, port)), _settings.Timeouts.Connect, isUdp: _plan.IsUdp);
    }

    private void HandleDialed(Dial.Dialed dialed)
    {
        if (dialed.Watch.Fault is { } fault)
        {
            HandleNoEntry(EndReason.ChainBroken, $"{FirstHop}: {fault.Text}");
            return;
        }

        Context.Timers.Cancel(Timer.EntryDeadline);
        Become(Opening);
        var channel = _dial!.Take();
        _dial = null;
        if (_way.IsDirect)
        {
            _leg.Attach(channel, null, null);
            return;
        }

        if (_plan.IsUdp)
        {
            CallByDatagrams(PathThrough(null), firstHop: 0);
            _leg.Attach(channel, null, null);
            return;
        }

        var path = PathThrough(null);
        _leg.Attach(channel, path, Call(path));
    }

    /// <summary>Nothing was sent yet, so another chain may still take the connection.</summary>
    private void HandleNoEntry(EndReason reason, string text)
    {
        LeaveEntry();
        TellFailed(text);
        if (HasAlternative)
        {
            FindWay();
        }
        else
        {
            EndWith(reason, text);
        }
    }

    private void LeaveEntry()
    {
        Context.Timers.Cancel(Timer.EntryDeadline);
        Context.Timers.Cancel(Timer.Retry);
        if (_way is { HasTunnel: true })
        {
            _way.PoolOn(_loop).Actor.Tell(TunnelPoolActor.Abandon.Instance);
        }

        _dial?.Abandon();
        _dial = null;
    }

    /// <summary>
    /// Nothing was processed. With its tunnel gone the stream is opened on whatever tunnel there is; refused, as the server is draining, full or
    /// busy, on another one at once, or a little later, as asking the same server at once would only be refused again. The connect deadline goes on.
    /// </summary>
    private void HandleStreamLost(EndReason reason)
    {
        Context.Timers.Cancel(Timer.Doubt);
        _frontend.Log.Debug($"{_record.Peer}: the stream was not accepted ({reason.Text()}), opening another");
        if (reason is EndReason.TunnelLost or EndReason.PeerShutDown or EndReason.KilledLocally)
        {
            AskForTunnel();
            return;
        }

        _record.Phase = ConnectionPhase.Queued;
        Become(WaitingForTunnel);
        _way.PoolOn(_loop).Actor.Tell(new TunnelPoolActor.AcquireOther(_link!));
    }

    private void HandleRefused(ChainFailure failure)
    {
        TellBlamed(failure);
        EndWith(failure.Reason, failure.Text);
    }

    private void NoteAttempt()
    {
        _record.Phase = ConnectionPhase.Connecting;
        _record.Server = _target;
        _record.Attempts++;
        _askedAtMicroseconds = _loop.NowMicroseconds;
        _record.WaitMicroseconds ??= _askedAtMicroseconds - _record.StartMicroseconds;
    }

    private ChainPath PathThrough(TunnelLink? link)
    {
        var path = _way.PathThrough(link, _plan.Destination) with { Source = _source, Command = _plan.IsUdp ? ChainCommand.Udp : ChainCommand.Tcp };
        if (path.Hops.Count == 1)
        {
            return path;
        }

        Span<byte> id = stackalloc byte[16];
        _plan.Environment.Secrets.Fill(id);
        _record.TraceId = BinaryPrimitives.ReadUInt128BigEndian(id);
        return path with { TraceId = _record.TraceId };
    }

    private ChainCall Call(ChainPath path) =>
        new(path, _plan.Environment.Secrets, Context.System.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());

    private void TellWorks()
    {
        if (_chosen is { } chosen)
        {
            _chains!.Tell(new ChainSetActor.Works(chosen.Index));
        }
    }

    private void TellFailed(string text)
    {
        if (_chosen is { } chosen)
        {
            _chains!.Tell(new ChainSetActor.Failed(chosen.Index, text));
        }
    }

    /// <summary>What the destination did is not the chain's fault, nor what it may not be asked for.</summary>
    private void TellBlamed(ChainFailure? failure)
    {
        if (failure is not null
            && failure.Reason is not (EndReason.NotAllowed or EndReason.Loop or EndReason.ResetByUpstream)
            && failure.Hop <= _way.Hops.Count + (_way.HasTunnel ? 1 : 0))
        {
            TellFailed(failure.Text);
        }
    }

    private static readonly TimeSpan RetryAfterRefusal = TimeSpan.FromMilliseconds(100);

    // A tunnel that is up is given at once, and a hop that lives answers within a round trip.
    private static readonly TimeSpan EntryPatience = TimeSpan.FromSeconds(1);
}
