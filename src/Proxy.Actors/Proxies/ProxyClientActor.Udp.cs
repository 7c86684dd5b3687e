using System.Net;
using Proxy.Kernel;
using Proxy.Protocol.Ends;
using Proxy.Protocol.Socks;
using Proxy.Transport;

namespace Proxy.Actors;

// A SOCKS client that sends datagrams: a socket for them that lives as long as its connection, and a connection of our own for each destination.
internal sealed partial class ProxyClientActor
{
    private SocksAssociation? _association;

    private sealed record FlowBegun(SocksFlow Flow);

    private sealed record ClientLeft(TransportFault? Fault);

    /// <summary>The client's connection carries nothing; its end is that of all flows.</summary>
    private void Associating()
    {
        Receive<FlowBegun>(begun =>
        {
            var record = EnterAgain();
            record.Principal = _record!.Principal;
            Begin(new AskedConnection(begun.Flow, record, []), _plan with { Destination = begun.Flow.Destination, IsUdp = true });
        });
        Receive<Terminated>(_ => _connections--);
        Receive<ClientLeft>(left =>
        {
            var association = _association!;
            association.Close();
            if (association is not { Malformed: 0, Overflown: 0 })
            {
                _frontend.Log.Info(
                    $"{_frontend.Name} {_clientAddress}: of its datagrams {association.Malformed} were fragments or without header, {association.Overflown} went to too many destinations: dropped");
            }

            var record = _record!;
            _record = null;
            record.End(left.Fault is null ? EndReason.Completed : EndReason.ResetByClient, left.Fault?.Text ?? "", _loop.NowMicroseconds);
            ConnectionLog.Write(_frontend.Log, record, "UDP");
            _frontend.Leave(record, Context.System.TimeProvider.GetUtcNow());
            Become(Serving);
            StopWhenDone();
        });
        ReceiveAny(_ => { });
    }

    private void Associate(SocksRequest request, SocksAnswers answers)
    {
        if (_preamble.Fault is { } gone)
        {
            EndEarly(EndReason.ResetByClient, gone.Text);
            return;
        }

        var self = Self;
        var association = new SocksAssociation(
            _loop, new IPEndPoint(_peer.Address, request.Destination.Port), flow => self.Tell(new FlowBegun(flow), ActorRefs.NoSender));
        if (!association.TryOpen(_local!.Address, out var bound, out var fault))
        {
            Dismiss(answers.Answer(SocksReply.GeneralFailure), EndReason.Busy, $"no socket for its datagrams: {fault.Text}");
            return;
        }

        Context.Timers.Cancel(Timer.Deadline);
        _association = association;
        _clientAddress = _record!.Client;
        _record.Server = "UDP";
        _record.Phase = ConnectionPhase.Relaying;
        Become(Associating);
        _client.Handler = new Watch(self);
        _client.Send(answers.Answer(SocksReply.Succeeded, bound));
        _client.ResumeReceive();
    }

    /// <summary>What the client says on its connection is not looked at, only that it goes.</summary>
    private sealed class Watch(IActorRef owner) : IChannelHandler
    {
        public void OnConnected(IChannel channel)
        {
        }

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
        {
        }

        public void OnEndOfStream(IChannel channel) => owner.Tell(new ClientLeft(null), ActorRefs.NoSender);

        public void OnSendDrained(IChannel channel)
        {
        }

        public void OnFailed(IChannel channel, TransportFault fault) => owner.Tell(new ClientLeft(fault), ActorRefs.NoSender);
    }
}
