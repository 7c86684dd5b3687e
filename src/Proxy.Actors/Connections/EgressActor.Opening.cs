using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Limits;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

// From the header to the relay.
internal sealed partial class EgressActor
{
    /// <summary>Where a stream goes, who it is for, what it sent behind its header, and how it is answered; null: it is not.</summary>
    private sealed record Job(Destination Destination, NextHopKind Next, ChainFields Fields, byte[] Behind, ChainAnswer? Answer, bool IsUdp = false)
    {
        /// <summary>As logs and status call it.</summary>
        public string Text { get; } = Destination.ToString();
    }

    private sealed record Resolved(IPAddress[] Addresses);

    private void HandleArrived(ChainArrival arrival, byte[] behind)
    {
        if (_isBare || arrival.Principal is not null)
        {
            // Before it is taken, so that the log says whose header was refused. Behind another hop's tunnel it is sealed by who began the chain.
            _record.Principal = arrival.Principal;
        }

        if (arrival.Request is not { } request)
        {
            Answer(arrival.Answer, arrival.Refusal, arrival.Refusal.ToEndReason(), "-", arrival.Text);
            return;
        }

        if (_isBare && !TryTakePlace(arrival.Answer))
        {
            return;
        }

        _record.TraceId = request.Fields.TraceId;
        _record.Client = request.Fields.OriginalSource ?? _record.Peer;
        switch (request)
        {
            case { Command: not ChainCommand.Udp } when _stream is DatagramHop:
                Answer(arrival.Answer, ChainStatus.NotAllowed, EndReason.NotAllowed, request.Destination.ToString(), "datagrams carry UDP alone");
                break;
            case { Command: ChainCommand.Echo }:
                Echo(arrival.Answer, behind);
                break;
            case { Command: ChainCommand.Udp } when _stream is not (TunnelStreamChannel { CarriesPackets: true } or DatagramHop):
                Answer(arrival.Answer, ChainStatus.NotAllowed, EndReason.NotAllowed, request.Destination.ToString(), $"{(_isBare ? "a connection of its own" : "this dialect")} carries no UDP");
                break;
            case { Command: not (ChainCommand.Tcp or ChainCommand.Udp) }:
                Answer(arrival.Answer, ChainStatus.NotAllowed, EndReason.NotAllowed, request.Destination.ToString(), $"this server does not serve the command {request.Command}");
                break;
            case { NextHop: NextHopKind.ChainHop, Fields.HopBudget: 0 }:
                Answer(arrival.Answer, ChainStatus.Loop, EndReason.Loop, request.Destination.ToString(), "the chain may have no more hops");
                break;
            default:
                Resolve(new Job(request.Destination, request.NextHop, request.Fields, behind, arrival.Answer, request.Command == ChainCommand.Udp));
                break;
        }
    }

    private void HandleCut(RequestReader.Cut cut)
    {
        if (_isBare && cut.IsEmpty)
        {
            // One that was kept ready and was not needed.
            End(EndReason.Completed, "-", "");
            return;
        }

        Answer(null, ChainStatus.Malformed, EndReason.Malformed, "-", "the stream ended inside the chain header");
    }

    private void Echo(ChainAnswer answer, byte[] behind)
    {
        Context.Timers.Cancel(Timer.Deadline);
        _record.Server = "echo";
        _record.Phase = ConnectionPhase.Relaying;
        SendResponse(answer, ChainStatus.Ok, "");
        Become(Echoing);
        EchoRun.Start(_loop, _stream, Self, behind);
    }

    private void Resolve(Job job)
    {
        if (job is { Next: NextHopKind.ChainHop, IsUdp: false } && _plan.Onward.Find(job.Destination, _loop) is { } pool)
        {
            GoThrough(job, pool);
            return;
        }

        if (job is { Next: NextHopKind.Destination, Answer: not null } && _plan.Onward.Chains is { } chains)
        {
            ChooseChain(job, chains);
            return;
        }

        if (job.Destination.Address is { } address)
        {
            DialAllowed(job, [address]);
            return;
        }

        Become(() => Resolving(job));
        _ = _plan.Environment.Resolver.ResolveAsync(job.Destination.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    private void DialAllowed(Job job, IPAddress[] addresses)
    {
        if (addresses.Length == 0)
        {
            Refuse(job, EndReason.NameNotFound, $"{job.Destination.Name} has no address");
            return;
        }

        // The fixed target is the operator's own word; what clients ask for is held against the rules.
        var isOperators = job.Answer is null;
        var elsewhere = Array.FindAll(addresses, address => isOperators || !_plan.Environment.Own.Contains(address, job.Destination.Port, job.IsUdp));
        if (elsewhere.Length == 0)
        {
            Refuse(job, EndReason.Loop, "this is one of this node's own listeners");
            return;
        }

        var rules = _settings.DestinationsOf(_record.Principal);
        var allowed = Array.FindAll(elsewhere, address => isOperators || rules.Allows(job.Destination.Name, address, job.Destination.Port));
        if (allowed.Length == 0)
        {
            Refuse(job, EndReason.NotAllowed, $"no rule allows this {(job.Next == NextHopKind.ChainHop ? "hop" : "destination")}");
            return;
        }

        BeginDial(job, allowed);
    }

    private void BeginDial(Job job, IPAddress[] addresses)
    {
        NoteDialling(job);
        if (job is { Next: NextHopKind.ChainHop, IsUdp: false } && TryTakeWarm(job, addresses) is { } warm)
        {
            BeginRelaying(job, warm);
            return;
        }

        SetDeadline(_settings.Timeouts.Connect);
        Become(() => Connecting(job));
        _dial = new Dial(
            Self, _loop, Array.ConvertAll(addresses, address => new IPEndPoint(address, job.Destination.Port)), _settings.Timeouts.Connect, isUdp: job.IsUdp, sources: _settings.Sources);
    }

    private void NoteDialling(Job job)
    {
        _dialledAtMicroseconds = _loop.NowMicroseconds;
        _record.WaitMicroseconds = _dialledAtMicroseconds - _record.StartMicroseconds;
        _record.Attempts++;
        _record.Phase = ConnectionPhase.Connecting;
        _record.Server = job.Text;
    }

    private void HandleDialed(Job job, Dial.Dialed dialed)
    {
        if (EndOfStream != EndReason.None)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(EndOfStream, job.Text, "");
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            Refuse(job, EndReason.ResetByUpstream, fault.Text);
            return;
        }

        BeginRelaying(job, _dial!.Take());
    }

    /// <summary>A connection to the next hop that was made before it was needed.</summary>
    private IChannel? TryTakeWarm(Job job, IPAddress[] addresses)
    {
        var warm = _plan.Warm[_loop];
        foreach (var address in addresses)
        {
            if (warm.TryTake(new IPEndPoint(address, job.Destination.Port), out var channel))
            {
                return channel;
            }
        }

        return null;
    }

    private void BeginRelaying(Job job, IChannel upstream, ReadOnlySpan<byte> earlyFromUpstream = default)
    {
        Context.Timers.Cancel(Timer.Deadline);
        if (job.Answer is not null)
        {
            SendResponse(job.Answer, ChainStatus.Ok, "");
        }

        if (job is { Next: NextHopKind.ChainHop, IsUdp: false })
        {
            upstream.ResetOnCrash();
        }

        if (job is { Next: NextHopKind.Destination, IsUdp: false } && _settings.ProxyProtocolOut is { } version)
        {
            var asked = job.Fields.OriginalDestination is { Address: { } address, Port: var port } ? new IPEndPoint(address, port) : null;
            upstream.Send(ProxyHeaders.Write(version, null, job.Fields.OriginalSource, asked));
        }

        var relay = new Relay(_loop, _stream, upstream, _settings.Timeouts.ToRelaySettings(job.IsUdp), new RelayEvents(Self));
        _record.Relay = relay;
        _record.ConnectMicroseconds = _loop.NowMicroseconds - _dialledAtMicroseconds;
        _record.Phase = ConnectionPhase.Relaying;
        Become(() => Relaying(job));
        _plan.Egress.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        relay.Start(job.Behind, earlyFromUpstream);
    }

    /// <summary>False: the principal has used what it may use, and the stream was told.</summary>
    private bool TryTakePlace(ChainAnswer? answer = null)
    {
        var verdict = _plan.Egress.Principals?.Enter(_record.Principal, _loop.NowMicroseconds) ?? QuotaVerdict.Admitted;
        (_hasPlace, _payer) = (verdict == QuotaVerdict.Admitted, _record.Principal);
        if (_hasPlace)
        {
            return true;
        }

        var text = TextOf(verdict);

        if (_isBare || _settings.FixedTarget is null)
        {
            // Its header is not waited for: whatever it asks for, there is no place for it.
            Answer(answer, ChainStatus.Busy, EndReason.Busy, "-", text);
        }
        else
        {
            _stream.Abort();
            End(EndReason.Busy, "-", text);
        }

        return false;
    }

    private static string TextOf(QuotaVerdict verdict) => verdict switch
    {
        QuotaVerdict.TooFast => "this principal opens streams too fast",
        QuotaVerdict.BytesUsedUp => "this principal has used up its bytes for now",
        _ => "this principal has as many streams as it may have",
    };
}
