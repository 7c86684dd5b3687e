using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A client that says itself where it wants to go, from accept until it has said so; then a connection of its own carries it there.
/// States: (awaiting header) → conversing → serving → stopped. What the client has to send first comes within one deadline as a whole.
/// </summary>
internal sealed partial class ProxyClientActor : ReceiveActor
{
    private readonly OutboundPlan _plan;
    private readonly ForwardProxy _proxy;
    private readonly Frontend _frontend;
    private readonly IIoLoop _loop;
    private readonly ClientPreamble _preamble;
    private readonly IChannel _client;
    private readonly IPEndPoint _peer;
    private readonly IPEndPoint? _local;
    private ForwardProxy.Guard _guard = null!;
    private ConnectionRecord? _record;            // null once a connection has it
    private bool _isHandedOn;

    public ProxyClientActor(IAcceptedConnection accepted, OutboundPlan plan, ForwardProxy proxy)
    {
        (_plan, _proxy, _frontend) = (plan, proxy, plan.Frontend);
        _loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        (_peer, _local) = (accepted.RemoteEndPoint, accepted.LocalEndPoint);
        _record = _frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _preamble = new ClientPreamble(Self);
        _client = _loop.Adopt(accepted, _preamble);
    }

    private enum Timer
    {
        Deadline,
    }

    /// <summary>The first byte is none of a protocol that is spoken here.</summary>
    private sealed record Unknown(byte First);

    protected override void PreStart()
    {
        Context.Timers.StartSingleTimer(Timer.Deadline, Timer.Deadline, _plan.Settings.Timeouts.Header);
        if (!_plan.Settings.ProxyProtocol.IsExpectedFrom(_peer.Address))
        {
            Converse(null, []);
            return;
        }

        Become(AwaitingHeader);
        _preamble.Expect(_client, [], ProxyHeaders.Read);
    }

    protected override void PostStop()
    {
        if (!_isHandedOn)
        {
            _client.Abort();
        }

        if (_record is { } record)
        {
            record.End(EndReason.KilledLocally, "", _loop.NowMicroseconds);
            _frontend.Leave(record, Context.System.TimeProvider.GetUtcNow());
        }
    }

    // States

    private void AwaitingHeader()
    {
        Receive<ProxyHeaders.Received>(received => Converse(received.Header, received.Unread));
        Receive<ProxyHeaders.Broken>(broken => EndEarly(EndReason.BadHeader, $"PROXY header: {broken.Rule}"));
        ReceiveEnds("PROXY header");
    }

    private void Conversing()
    {
        Receive<SocksPreamble.Asked>(asked => HandleAsked(asked.Request, asked.Unread));
        Receive<SocksPreamble.Broken>(broken => Dismiss(
            broken.Answer,
            broken.Rule is SocksRule.WrongCredentials ? EndReason.Unauthenticated : EndReason.BadHeader,
            broken.Rule is SocksRule.WrongCredentials ? _guard.Problem : $"SOCKS: {broken.Rule}"));
        Receive<Unknown>(unknown => EndEarly(EndReason.BadHeader, $"a connection that begins with the byte {unknown.First} is not {_plan.Settings.Proxy!.Scheme}"));
        ReceiveEnds("request");
    }

    /// <summary>The connection has it all; this actor holds its place at the listener.</summary>
    private void Serving()
    {
        Receive<Terminated>(_ => Context.Stop(Self));
        ReceiveAny(_ => { });
    }

    private void ReceiveEnds(string what)
    {
        Receive<ClientPreamble.Cut>(_ => EndEarly(EndReason.BadHeader, $"the client closed before its {what} was complete"));
        Receive<ClientPreamble.Gone>(gone => EndEarly(EndReason.ResetByClient, gone.Fault.Text));
        Receive<Timer>(_ => EndEarly(EndReason.HeaderTimeout, $"the {what} did not come in time"));
    }

    private void Converse(ProxyHeader? header, byte[] unread)
    {
        _record!.Client = header?.Source ?? _peer;
        _guard = _proxy.GuardOf(_record.Client, _loop);
        Become(Conversing);
        PreambleReader? reader = null;
        _preamble.Expect(_client, unread, bytes => (reader ??= ReaderFor(bytes[0]))(bytes));
    }

    private PreambleReader ReaderFor(byte first)
    {
        if (SocksDialogue.IsBegunBy(first) && _proxy.Protocols.HasFlag(ForwardProtocols.Socks))
        {
            return new SocksPreamble(_client, _proxy.AsksWho ? _guard : null).Read;
        }

        return bytes => new Unknown(bytes[0]);
    }

    private void HandleAsked(SocksRequest request, byte[] unread)
    {
        var answers = new SocksAnswers(request);
        _record!.Principal = request.User;
        if (request.Command != SocksCommand.Connect)
        {
            Dismiss(answers.Answer(SocksReply.CommandNotSupported), EndReason.NotAllowed, $"SOCKS: {request.Command} is not served");
            return;
        }

        Connect(request.Destination, answers, unread);
    }

    /// <summary>A byte stream there, for as long as both like.</summary>
    private void Connect(Destination destination, IAskedAnswers answers, byte[] unread)
    {
        if (_preamble.Fault is { } gone)
        {
            EndEarly(EndReason.ResetByClient, gone.Text);
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        _isHandedOn = true;
        Begin(new AskedConnection(new AskedChannel(_loop, _client, answers), _record!, unread), destination);
        _record = null;
        Become(Serving);
    }

    private void Begin(AskedConnection connection, Destination destination)
    {
        var plan = _plan with { Destination = destination };
        Context.Watch(Context.ActorOf(Props.Create(() => new TunnelConnectionActor(connection, plan))));
    }

    /// <summary>An end that the client is told of.</summary>
    private void Dismiss(byte[] lastWords, EndReason reason, string detail)
    {
        if (lastWords.Length > 0 && _preamble.Fault is null)
        {
            _client.Send(lastWords);
            Farewell.Say(_loop, _client);
            _isHandedOn = true;
        }

        EndEarly(reason, detail);
    }

    private void EndEarly(EndReason reason, string detail)
    {
        _record!.End(reason, detail, _loop.NowMicroseconds);
        ConnectionLog.Write(_frontend.Log, _record, _frontend.Target);
        Context.Stop(Self);
    }
}
