using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Http;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A client that says itself where it wants to go, from accept until it has said so; then a connection of its own carries it there.
/// States: (awaiting header) → conversing → (serving HTTP | associating) → serving → stopped. What the client has to send first comes within one deadline as a whole.
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
    private readonly IPEndPoint? _original;
    private ForwardProxy.Guard _guard = null!;
    private IPEndPoint _clientAddress;
    private ConnectionRecord? _record;            // null once a connection has it
    private HttpSession? _http;
    private int _connections;
    private bool _isHandedOn;

    public ProxyClientActor(IAcceptedConnection accepted, OutboundPlan plan, ForwardProxy proxy)
    {
        (_plan, _proxy, _frontend) = (plan, proxy, plan.Frontend);
        _loop = ((LoopDispatcher)Context.Dispatcher).Loop;
        (_peer, _local) = (accepted.RemoteEndPoint, accepted.LocalEndPoint);
        _clientAddress = _peer;
        _original = proxy.Protocols switch
        {
            ForwardProtocols.Redirect => accepted.OriginalDestination,
            ForwardProtocols.Transparent when !plan.Environment.Own.Contains(accepted.LocalEndPoint.Address, accepted.LocalEndPoint.Port) => accepted.LocalEndPoint,
            _ => null,
        };
        _record = _frontend.Enter(accepted, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        _preamble = new ClientPreamble(Self);
        _client = accepted.AdoptBy(_loop, _preamble);
    }

    private enum Timer
    {
        Deadline,
    }

    private sealed record HttpBegun(byte[] Unread);

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
        _association?.Close();
        if (_http is { } http)
        {
            http.Abort();
        }
        else if (!_isHandedOn)
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
        Receive<HttpBegun>(begun => BeginHttp(begun.Unread));
        Receive<Unknown>(unknown => Dismiss([], EndReason.BadHeader, $"a connection that begins with the byte {unknown.First} is not {_plan.Settings.Proxy!.Scheme}"));
        ReceiveEnds("request");
    }

    /// <summary>One connection after the other, as the client's requests want them.</summary>
    private void ServingHttp()
    {
        Receive<HttpSession.Wants>(wants =>
        {
            // Each has a record of its own: the first goes on with that of the accept.
            _record ??= EnterAgain();
            _record.Principal = wants.User;
            Begin(new AskedConnection(wants.Leg, _record, wants.Early), wants.Leg.Destination);
            _record = null;
        });
        Receive<HttpSession.Tunnel>(tunnel =>
        {
            _record ??= EnterAgain();
            _record.Principal = tunnel.User;
            if (_http!.Fault is { } gone)
            {
                EndEarly(EndReason.ResetByClient, gone.Text);
                return;
            }

            Begin(new AskedConnection(new AskedChannel(_loop, _client, HttpAnswers.Instance), _record, tunnel.Unread), tunnel.Destination);
            _record = null;
            Become(Serving);
        });
        Receive<HttpSession.Over>(over =>
        {
            if (over.Reason != EndReason.Completed)
            {
                _record ??= EnterAgain();
            }

            if (_record is { } record)
            {
                record.End(over.Reason, over.Detail, _loop.NowMicroseconds);
                ConnectionLog.Write(_frontend.Log, record, _frontend.Target);
            }

            Become(Serving);
            StopWhenDone();
        });
        Receive<Terminated>(_ => _connections--);
        ReceiveAny(_ => { });
    }

    /// <summary>The connections have it all; this actor holds its place at the listener.</summary>
    private void Serving()
    {
        Receive<Terminated>(_ =>
        {
            _connections--;
            StopWhenDone();
        });
        ReceiveAny(_ => { });
    }

    private void StopWhenDone()
    {
        if (_connections == 0)
        {
            Context.Stop(Self);
        }
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
        if (_proxy.Protocols is ForwardProtocols.Redirect or ForwardProtocols.Transparent)
        {
            Follow(unread);
            return;
        }

        _guard = _proxy.GuardOf(_record.Client, _loop);
        Become(Conversing);
        PreambleReader? reader = null;
        _preamble.Expect(_client, unread, bytes => (reader ??= ReaderFor(bytes[0]))(bytes));
    }

    private void Follow(byte[] unread)
    {
        if (_original is { } original)
        {
            Connect(Destination.Of(original), NoAnswers.Instance, unread);
        }
        else
        {
            EndEarly(EndReason.Loop, "it came to the frontend itself, no packet filter had redirected it");
        }
    }

    private PreambleReader ReaderFor(byte first)
    {
        if (SocksDialogue.IsBegunBy(first) && _proxy.Protocols.HasFlag(ForwardProtocols.Socks))
        {
            return new SocksPreamble(_client, _proxy.AsksWho ? _guard : null).Read;
        }

        return HttpRequestHead.IsBegunBy(first) && _proxy.Protocols.HasFlag(ForwardProtocols.Http)
            ? bytes => new HttpBegun(bytes.ToArray())
            : bytes => new Unknown(bytes[0]);
    }

    private void HandleAsked(SocksRequest request, byte[] unread)
    {
        var answers = new SocksAnswers(request);
        _record!.Principal = request.User;
        if (request.Command == SocksCommand.UdpAssociate)
        {
            Associate(request, answers);
            return;
        }

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

    private void BeginHttp(byte[] unread)
    {
        if (_preamble.Fault is { } gone)
        {
            EndEarly(EndReason.ResetByClient, gone.Text);
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        _clientAddress = _record!.Client;
        _http = new HttpSession(_loop, _client, Self, _proxy, _guard, _plan.Settings.Timeouts);
        Become(ServingHttp);
        _http.Begin(unread, _record.StartMicroseconds + (long)_plan.Settings.Timeouts.Header.TotalMicroseconds);
    }

    private ConnectionRecord EnterAgain()
    {
        var record = _frontend.Enter(_peer, _local, Context.System.TimeProvider.GetUtcNow(), _loop.NowMicroseconds);
        record.Client = _clientAddress;
        return record;
    }

    private void Begin(AskedConnection connection, Destination destination) => Begin(connection, _plan with { Destination = destination });

    private void Begin(AskedConnection connection, OutboundPlan plan)
    {
        Context.Watch(Context.ActorOf(Props.Create(() => new TunnelConnectionActor(connection, plan))));
        _connections++;
    }

    /// <summary>An end that the client is told of, as far as its protocol has words for it.</summary>
    private void Dismiss(byte[] lastWords, EndReason reason, string detail)
    {
        if (_preamble.Fault is null)
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
