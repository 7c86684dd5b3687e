using System.Net;
using Proxy.Kernel;
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
    private readonly Frontend _egress;
    private readonly ConnectionRecord _record;
    private bool _hasPlace;
    private long _dialledAtMicroseconds;
    private Dial? _dial;

    /// <param name="environment">What the node stands on.</param>
    /// <param name="settings">The server's.</param>
    /// <param name="egress">What it counts for.</param>
    /// <param name="stream">The stream, untouched.</param>
    /// <param name="peer">Where the tunnel's client is.</param>
    /// <param name="principal">Who that client is; null where the dialect knows nobody.</param>
    public EgressActor(
        NodeEnvironment environment, ServerSettings settings, Frontend egress, TunnelStreamChannel stream, UdpAddress peer, string? principal)
    {
        _environment = environment;
        _settings = settings;
        _egress = egress;
        _stream = stream;
        _record = egress.Enter(peer.ToIPEndPoint(), null, Context.System.TimeProvider.GetUtcNow(), stream.Loop.NowMicroseconds);
        _record.Principal = principal;
    }

    private enum Timer
    {
        Deadline,
    }

    /// <summary>Where a stream goes, who it is for, and what it sent behind its header.</summary>
    private sealed record Job(Destination Destination, ChainFields Fields, byte[] Behind, bool IsAnswered)
    {
        /// <summary>As logs and status call it.</summary>
        public string Text { get; } = Destination.ToString();
    }

    private sealed record Resolved(IPAddress[] Addresses);

    protected override void PreStart()
    {
        if (_stream.End != EndReason.None)
        {
            // It ended before this actor had begun, and nobody heard it.
            End(_stream.End, "-", "");
            return;
        }

        _hasPlace = _egress.Principals?.TryEnter(_record.Principal) != false;
        if (!_hasPlace)
        {
            RefuseBusy();
            return;
        }

        _stream.Handler = new RequestReader(Self);
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _settings.Timeouts.Connect);
        if (_settings.FixedTarget is { } target)
        {
            Resolve(new Job(target, ChainFields.Empty, [], IsAnswered: false));
            return;
        }

        Become(AwaitingRequest);
        _stream.ResumeReceive();
    }

    protected override void PostStop()
    {
        _dial?.Abandon();
        if (_hasPlace)
        {
            _egress.Principals?.Leave(_record.Principal);
        }

        if (_record.Relay is { } relay)
        {
            relay.Abort();
        }
        else
        {
            _stream.Close();
        }

        _record.End(EndReason.KilledLocally, "", _stream.Loop.NowMicroseconds);
        _egress.Leave(_record, Context.System.TimeProvider.GetUtcNow());
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
        Receive<RelayEvents.HalfClosed>(_ =>
        {
            _record.Phase = ConnectionPhase.HalfClosed;
            Become(() => HalfClosed(job));
        });
        Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));
    }

    private void HalfClosed(Job job) => Receive<RelayEvents.Ended>(ended => HandleEnded(job, ended));

    private void ReceiveWhileOpening(Job job)
    {
        Receive<RequestReader.ClientGone>(gone => End(gone.Reason, job.Text, gone.Text));
        Receive<RequestReader.RequestMalformed>(_ => { });
        Receive<Timer>(_ => Refuse(job, EndReason.ConnectTimeout, "no connection in time"));
    }

    private void HandleRequest(ChainRequest request, byte[] behind)
    {
        if (request.Command != ChainCommand.Tcp)
        {
            Answer(ChainStatus.NotAllowed, EndReason.NotAllowed, request.Destination.ToString(), $"this server does not serve the command {request.Command}");
        }
        else if (request.NextHop != NextHopKind.Destination)
        {
            Answer(ChainStatus.NotAllowed, EndReason.NotAllowed, request.Destination.ToString(), "this server goes on to destinations only, not to chain hops");
        }
        else
        {
            _record.Client = request.Fields.OriginalSource ?? _record.Peer;
            Resolve(new Job(request.Destination, request.Fields, behind, IsAnswered: true));
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
            address => _settings.FixedTarget is not null || _settings.DestinationsOf(_record.Principal).Allows(job.Destination.Name, address, job.Destination.Port));
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

        _dialledAtMicroseconds = _stream.Loop.NowMicroseconds;
        _record.WaitMicroseconds = _dialledAtMicroseconds - _record.StartMicroseconds;
        _record.Attempts++;
        _record.Phase = ConnectionPhase.Connecting;
        _record.Server = job.Text;
        Become(() => Connecting(job));
        _dial = new Dial(
            Self,
            _stream.Loop,
            Array.ConvertAll(allowed, address => new IPEndPoint(address, job.Destination.Port)),
            _settings.Timeouts.Connect);
    }

    private void HandleDialed(Job job, Dial.Dialed dialed)
    {
        if (_stream.End != EndReason.None)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(_stream.End, job.Text, "");
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

        var upstream = _dial!.Take();
        if (_settings.ProxyProtocolOut is { } version)
        {
            var asked = job.Fields.OriginalDestination is { Address: { } address, Port: var port } ? new IPEndPoint(address, port) : null;
            upstream.Send(ProxyHeaders.Write(version, null, job.Fields.OriginalSource, asked));
        }

        var relay = new Relay(_stream.Loop, _stream, upstream, _settings.Timeouts.ToRelaySettings(), new RelayEvents(Self));
        _record.Relay = relay;
        _record.ConnectMicroseconds = _stream.Loop.NowMicroseconds - _dialledAtMicroseconds;
        _record.Phase = ConnectionPhase.Relaying;
        Become(() => Relaying(job));
        _egress.AccessLog?.Started(_record, Context.System.TimeProvider.GetUtcNow());
        relay.Start(job.Behind);
    }

    private void HandleEnded(Job job, RelayEvents.Ended ended)
    {
        _record.IsClientAwaited = ended.IsClientAwaited;
        var reason = ended.End.Kind == RelayEndKind.ClientFailed && _stream.End != EndReason.None ? _stream.End : ended.Reason;
        End(reason, job.Text, ended.End.Fault.Text ?? "");
    }

    /// <summary>Its header is not waited for: whatever it asks for, there is no place for it.</summary>
    private void RefuseBusy()
    {
        if (_settings.FixedTarget is null)
        {
            Answer(ChainStatus.Busy, EndReason.Busy, "-", TooManyStreams);
        }
        else
        {
            _stream.Abort();
            End(EndReason.Busy, "-", TooManyStreams);
        }
    }

    private void Refuse(Job job, EndReason reason, string text)
    {
        if (job.IsAnswered)
        {
            Answer(reason.ToChainStatus(), reason, job.Text, text);
        }
        else
        {
            // Without headers the only answer there is is a reset.
            _stream.Abort();
            End(reason, job.Text, text);
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
        _record.End(reason, detail, _stream.Loop.NowMicroseconds);
        ConnectionLog.Write(_egress.Log, _record, destination);
        Context.Stop(Self);
    }

    private const string TooManyStreams = "this principal has as many streams as it may have";
}
