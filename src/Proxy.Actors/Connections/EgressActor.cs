using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Chains.Datagrams;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One stream at the server, of a tunnel or a connection of its own: reads where it wants to go, checks that on the resolved address, dials
/// exactly the address that was checked, be it the destination or the next hop of a chain, answers, and relays. A next hop that this node has tunnels to
/// is reached through one. States: awaiting request → resolving → connecting, or waiting for a tunnel → joining → relaying → half-closed → stopped; or
/// echoing.
/// </summary>
internal sealed partial class EgressActor : ReceiveActor
{
    private readonly EgressPlan _plan;
    private readonly ServerSettings _settings;
    private readonly IIoLoop _loop;
    private readonly IChannel _stream;
    private readonly RequestReader _reader;
    private readonly ConnectionRecord _record;
    private readonly bool _isBare;
    private bool _hasPlace;
    private bool _isLeft;
    private string? _payer;                       // whose place it has
    private long _dialledAtMicroseconds;
    private Dial? _dial;
    private PoolPart? _pool;
    private OnwardLeg? _leg;

    /// <summary>A stream of a tunnel, untouched.</summary>
    /// <param name="principal">Who the tunnel's client is; null where the dialect knows nobody.</param>
    public EgressActor(EgressPlan plan, TunnelStreamChannel stream, string? principal)
    {
        (_plan, _settings, _stream, _loop) = (plan, plan.Settings, stream, stream.Loop);
        _reader = new RequestReader(Self, plan.Gate, Context.System.TimeProvider);
        _record = plan.Egress.Enter(stream.Peer.ToIPEndPoint(), null, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _record.Principal = principal;
    }

    /// <summary>A connection that was accepted by a listener for chains.</summary>
    public EgressActor(EgressPlan plan, IAcceptedConnection accepted)
    {
        (_plan, _settings, _isBare, _loop) = (plan, plan.Settings, true, ((LoopDispatcher)Context.Dispatcher).Loop);
        _reader = new RequestReader(Self, plan.Gate, Context.System.TimeProvider);
        _record = plan.Egress.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _stream = _loop.Adopt(accepted, _reader);
        _stream.ResetOnCrash();
    }

    /// <summary>What one sender sends to a listener for chains over UDP.</summary>
    public EgressActor(EgressPlan plan, UdpFlow flow, DatagramGate gate)
    {
        (_plan, _settings, _isBare, _loop) = (plan, plan.Settings, true, ((LoopDispatcher)Context.Dispatcher).Loop);
        _reader = new RequestReader(Self, ChainGate.OpenOnly, Context.System.TimeProvider);
        _record = plan.Egress.Enter(flow, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _stream = new DatagramHop(flow, gate, Context.System.TimeProvider, Self, _loop, _reader);
    }

    private enum Timer
    {
        Deadline,
        Retry,
    }

    protected override void PreStart()
    {
        if (EndOfStream != EndReason.None)
        {
            // It ended before this actor had begun, and nobody heard it.
            End(EndOfStream, "-", "");
            return;
        }

        if (!_isBare && !TryTakePlace())
        {
            return;
        }

        _stream.Handler = _reader;
        SetDeadline(_isBare ? _plan.Silence : _settings.Timeouts.Connect);
        if (!_isBare && _settings.FixedTarget is { } target)
        {
            Resolve(new Job(target, NextHopKind.Destination, ChainFields.Empty, [], null));
            return;
        }

        Become(AwaitingRequest);
        if (_stream is DatagramHop hop)
        {
            hop.Start();
            return;
        }

        _stream.ResumeReceive();
    }

    protected override void PostStop()
    {
        _dial?.Abandon();
        LeaveLeg();
        if (_hasPlace)
        {
            _plan.Egress.Principals?.Leave(_payer, _record.BytesFromClient + _record.BytesFromUpstream, _loop.NowMicroseconds);
        }

        if (_record.Relay is { } relay)
        {
            relay.Abort();
        }
        else if (!_isLeft)
        {
            _stream.Close();
        }

        _record.End(EndReason.KilledLocally, "", _loop.NowMicroseconds);
        _plan.Egress.Leave(_record, Context.System.TimeProvider.GetUtcNow());
    }

    // States

    private void AwaitingRequest()
    {
        Receive<RequestReader.Begun>(_ =>
        {
            if (_isBare)
            {
                SetDeadline(_settings.Timeouts.Connect);
            }
        });
        Receive<RequestReader.Arrived>(arrived => HandleArrived(arrived.Arrival, arrived.Behind));
        Receive<RequestReader.Cut>(HandleCut);
        Receive<DatagramHop.Unsealed>(unsealed =>
        {
            // Without a key nothing is ever answered.
            ((DatagramHop)_stream).Ignore();
            End(EndReason.Unauthenticated, "-", unsealed.Why);
        });
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, "-", gone.Text));
        Receive<Timer>(_ => Answer(null, ChainStatus.Malformed, EndReason.HeaderTimeout, "-", "the chain header did not come in time"));
    }

    private void Resolving(Job job)
    {
        Receive<Resolved>(resolved => DialAllowed(job, resolved.Addresses));
        Receive<Status.Failure>(failure => Refuse(job, EndReason.NameNotFound, failure.Cause.Message));
        ReceiveWhileOpening(job);
    }

    private void Connecting(Job job)
    {
        Receive<Dial.Dialed>(dialed => HandleDialed(job, dialed));
        Receive<Dial.DialFailed>(failed => Refuse(job, failed.Failure.Reason.ToEndReason(), failed.Failure.ToString()));
        ReceiveWhileOpening(job);
    }

    private void Relaying(Job job)
    {
        Receive<RelayEvents.HalfClosed>(_ =>
        {
            _record.Phase = ConnectionPhase.HalfClosed;
            Become(() => HalfClosed(job));
        });
        Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));
    }

    private void HalfClosed(Job job) => Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));

    private void Echoing()
    {
        Receive<EchoRun.Ended>(ended => End(ended.Problem is null ? EndReason.Completed : EndReason.ResetByClient, "echo", ended.Problem ?? ""));
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, "echo", gone.Text));
    }

    private void ReceiveWhileOpening(Job job)
    {
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<Timer>(_ => Refuse(job, EndReason.ConnectTimeout, "no connection in time"));
    }

    private void HandleEnded(Job job, RelayEvents.Ended ended)
    {
        _record.IsClientAwaited = ended.IsClientAwaited;
        var reason = ended.End.Kind == RelayEndKind.ClientFailed && EndOfStream != EndReason.None ? EndOfStream : ended.Reason;
        End(reason, job.Text, ended.End.Fault.Text ?? "");
    }

    /// <summary>Refused without headers, as there is no room to tell why; the only answer there is is a reset.</summary>
    private void Refuse(Job job, EndReason reason, string text)
    {
        if (job.Answer is not null)
        {
            Answer(job.Answer, reason.ToChainStatus(), reason, job.Text, text);
            return;
        }

        _stream.Abort();
        End(reason, job.Text, text);
    }

    /// <param name="answer">Null: in the open, as nothing is known of who asks.</param>
    private void Answer(ChainAnswer? answer, ChainStatus status, EndReason reason, string destination, string text)
    {
        SendResponse(answer ?? ChainAnswer.Open(), status, text);
        _isLeft = true;
        if (_stream is DatagramHop)
        {
            _stream.Close();
            End(reason, destination, text);
            return;
        }

        Farewell.Say(_loop, _stream);
        End(reason, destination, text);
    }

    private void SendResponse(ChainAnswer answer, ChainStatus status, string text)
    {
        if (_stream is DatagramHop hop)
        {
            // "ok" goes with each datagram from behind.
            if (status != ChainStatus.Ok)
            {
                hop.Refuse(status, text);
            }

            return;
        }

        Span<byte> response = stackalloc byte[ChainAnswer.MaxLengthBytes];
        _stream.Send(response[..answer.Write(response, new ChainResponse(status, text))]);
    }

    private void End(EndReason reason, string destination, string detail)
    {
        _record.End(reason, detail, _loop.NowMicroseconds);
        ConnectionLog.Write(_plan.Egress.Log, _record, destination);
        Context.Stop(Self);
    }

    private void SetDeadline(TimeSpan time) => Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, time);

    /// <summary>Why the stream of a tunnel ended under us; a connection of its own says no more than that it did.</summary>
    private EndReason EndOfStream => (_stream as TunnelStreamChannel)?.End ?? _reader.Gone?.Reason ?? EndReason.None;
}
