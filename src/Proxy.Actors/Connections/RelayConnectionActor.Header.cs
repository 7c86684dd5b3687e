using Proxy.Kernel;
using Proxy.Policy.Rules;
using Proxy.Protocol.Ends;
using Proxy.Protocol.ProxyProtocol;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors;

// PROXY headers: the one that a trusted sender has to begin with, and the one that the server is given.
internal sealed partial class RelayConnectionActor
{
    private ProxyHeader? _header;

    private void AwaitHeader()
    {
        SetDeadline(_settings.Timeouts.Header);
        Become(AwaitingHeader);
        _preamble.Expect(_client, _unread, ProxyHeaders.Read);
    }

    private void AwaitingHeader(object message)
    {
        switch (message)
        {
            case ProxyHeaders.Received received:
                HandleHeader(received);
                break;
            case ProxyHeaders.Broken broken:
                End(EndReason.BadHeader, $"PROXY header: {broken.Rule}");
                break;
            case ClientPreamble.Cut:
                End(EndReason.BadHeader, "the client closed before its PROXY header was complete");
                break;
            case DeadlinePassed:
                End(EndReason.HeaderTimeout, "the PROXY header did not come in time");
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void AwaitingPermission(object message)
    {
        switch (message)
        {
            case ClientAllowed:
                BeginSecuring();
                break;
            case ClientRefused refused:
                End(refused.Reason, refused.Text);
                break;
            default:
                HandleWhileOpening(message);
                break;
        }
    }

    private void HandleHeader(ProxyHeaders.Received received)
    {
        _header = received.Header;
        _unread = received.Unread;
        _record.Client = received.Header.Source ?? _record.Peer;

        // The gate passed over the proxy's own address; only now does it know whom it lets in.
        SetDeadline(_settings.Timeouts.Connect);
        Become(AwaitingPermission);
        Context.Parent.Tell(new ClientNamed(NetworkAddress.From(_record.Client.Address)));
    }

    private void SendHeader(IChannel server)
    {
        if (_settings.ProxyProtocol.Out is { } version)
        {
            server.Send(ProxyHeaders.Write(version, _header, _record.Peer, _record.Local, (_client as TlsChannel)?.Session));
        }
    }
}
