using System.Net;
using Proxy.Kernel;
using Proxy.Kernel.Event;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Transport;
using Proxy.Transport.Relays;

namespace Proxy.Actors;

/// <summary>
/// One stream at the server: reads where it wants to go, checks that on the resolved address, dials exactly the address that was checked,
/// answers, and relays. States: awaiting request → resolving → connecting → relaying → half-closed → stopped.
/// </summary>
internal sealed class EgressActor : ReceiveActor
{
    private readonly NodeEnvironment _environment;
    private readonly ServerSettings _settings;
    private readonly TunnelStreamChannel _stream;
    private readonly UdpAddress _peer;
    private readonly ILoggingAdapter _log;
    private readonly long _startedAt;
    private Dial? _dial;
    private Relay? _relay;

    public EgressActor(NodeEnvironment environment, ServerSettings settings, TunnelStreamChannel stream, UdpAddress peer)
    {
        _environment = environment;
        _settings = settings;
        _stream = stream;
        _peer = peer;
        _log = Context.GetLogger();
        _startedAt = Context.System.TimeProvider.GetTimestamp();
    }

    private enum Timer
    {
        Deadline,
    }

    /// <summary>Where a stream goes, and what it sent behind its header.</summary>
    private sealed record Job(Destination Destination, byte[] Behind, bool IsAnswered);

    private sealed record Resolved(IPAddress[] Addresses);

    protected override void PreStart()
    {
        if (_stream.End != EndReason.None)
        {
            // It ended before this actor had begun, and nobody heard it.
            End(_stream.End, "-", "");
            return;
        }

        _stream.Handler = new RequestReader(Self);
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Timeouts.Connect);
        if (_settings.FixedTarget is { } target)
        {
            Resolve(new Job(target, [], IsAnswered: false));
            return;
        }

        Become(AwaitingRequest);
        _stream.ResumeReceive();
    }

    protected override void PostStop()
    {
        _dial?.Abandon();
        if (_relay is null)
        {
            _stream.Close();
        }
        else
        {
            _relay.Abort();
        }
    }

    // States

    private void AwaitingRequest()
    {
        Receive<RequestReader.RequestRead>(read => HandleRequest(read.Request, read.Behind));
        Receive<RequestReader.RequestMalformed>(malformed => Answer(ChainStatus.Malformed, EndReason.Malformed, "-", malformed.Text));
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, "-", gone.Text));
        Receive<Timer>(_ => Answer(ChainStatus.Malformed, EndReason.HeaderTimeout, "-", "the chain header did not come in time"));
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
        Receive<RelayEvents.HalfClosed>(_ => Become(() => HalfClosed(job)));
        Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));
    }

    private void HalfClosed(Job job) => Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));

    private void ReceiveWhileOpening(Job job)
    {
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Destination.ToString(), gone.Text));
        Receive<RequestReader.RequestMalformed>(_ => { });
        Receive<Timer>(_ => Refuse(job, EndReason.ConnectTimeout, "no connection in time"));
    }

    private void HandleRequest(ChainRequest request, byte[] behind)
    {
        var destination = request.Destination.ToString();
        if (request.Command != ChainCommand.Tcp)
        {
            Answer(ChainStatus.NotAllowed, EndReason.NotAllowed, destination, $"this server does not serve the command {request.Command}");
        }
        else if (request.NextHop != NextHopKind.Destination)
        {
            Answer(ChainStatus.NotAllowed, EndReason.NotAllowed, destination, "this server goes on to destinations only, not to chain hops");
        }
        else
        {
            Resolve(new Job(request.Destination, behind, IsAnswered: true));
        }
    }

    private void Resolve(Job job)
    {
        if (job.Destination.Address is { } address)
        {
            DialAllowed(job, [address]);
            return;
        }

        Become(() => Resolving(job));
        _ = _environment.Resolver.ResolveAsync(job.Destination.Name!, CancellationToken.None)
            .PipeTo(Self, success: addresses => new Resolved(addresses));
    }

    private void DialAllowed(Job job, IPAddress[] addresses)
    {
        // The fixed target is the operator's own word; what clients ask for is held against the rules.
        var allowed = Array.FindAll(
            addresses,
            address => _settings.FixedTarget is not null || _settings.Destinations.Allows(job.Destination.Name, address, job.Destination.Port));
        if (addresses.Length == 0)
        {
            Refuse(job, EndReason.NameNotFound, $"{job.Destination.Name} has no address");
            return;
        }

        if (allowed.Length == 0)
        {
            Refuse(job, EndReason.NotAllowed, "no rule allows this destination");
            return;
        }

        Become(() => Connecting(job));
        _dial = new Dial(
            Self,
            ((LoopDispatcher)Context.Dispatcher).Loop,
            allowed.Select(address => new IPEndPoint(address, job.Destination.Port)),
            _settings.Timeouts.Connect);
    }

    private void HandleDialed(Job job, Dial.Dialed dialed)
    {
        if (_stream.End != EndReason.None)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(_stream.End, job.Destination.ToString(), "");
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            Refuse(job, EndReason.ResetByUpstream, fault.Text);
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        if (job.IsAnswered)
        {
            SendResponse(ChainStatus.Ok, "");
        }

        _relay = new Relay(_stream.Loop, _stream, _dial!.Take(), _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        Become(() => Relaying(job));
        _relay.Start(job.Behind);
    }

    private void HandleEnded(Job job, RelayEvents.Ended ended)
    {
        var reason = ended.End.Kind == RelayEndKind.ClientFailed && _stream.End != EndReason.None ? _stream.End : ended.Reason;
        End(reason, job.Destination.ToString(), ended.End.Fault.Text ?? "");
    }

    private void Refuse(Job job, EndReason reason, string text)
    {
        if (job.IsAnswered)
        {
            Answer(reason.ToChainStatus(), reason, job.Destination.ToString(), text);
        }
        else
        {
            // Without headers the only answer there is is a reset.
            _stream.Abort();
            End(reason, job.Destination.ToString(), text);
        }
    }

    private void Answer(ChainStatus status, EndReason reason, string destination, string text)
    {
        SendResponse(status, text);
        End(reason, destination, text);
    }

    private void SendResponse(ChainStatus status, string text)
    {
        Span<byte> response = stackalloc byte[ChainResponse.MaxLengthBytes];
        _stream.Send(response[..new ChainResponse(status, text).Write(response)]);
    }

    private void End(EndReason reason, string destination, string detail)
    {
        var duration = Context.System.TimeProvider.GetElapsedTime(_startedAt);
        ConnectionLog.Write(
            _log, "egress", _peer.ToIPEndPoint(), destination, reason, detail, _relay?.BytesFromClient ?? 0, _relay?.BytesFromUpstream ?? 0, duration);
        Context.Stop(Self);
    }
}
