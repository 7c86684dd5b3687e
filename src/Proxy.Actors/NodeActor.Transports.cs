using Proxy.Kernel;

namespace Proxy.Actors;

// The listeners of a server that take tunnels over TCP and TLS.
public sealed partial class NodeActor
{
    private const string TunnelListenerName = "tunnels-at";

    private void StartStreamListeners(ServerSettings server, Frontend egress)
    {
        if (_secrets is not { } secrets)
        {
            return;
        }

        foreach (var listen in server.ListenTcp)
        {
            AddListener(
                Props.Create(() => new StreamListenerActor(_environment, server, secrets, egress, listen, null)), TunnelListenerName, _listeners.Count);
        }

        if (server.Tls is not { } termination || server.ListenTls.Count == 0)
        {
            return;
        }

        _certificates.Add(Context.ActorOf(Props.Create(() => new CertificateActor(termination, "tunnels")).WithDispatcher(_environment.Dispatchers[0])));
        foreach (var listen in server.ListenTls)
        {
            AddListener(
                Props.Create(() => new StreamListenerActor(_environment, server, secrets, egress, listen, termination)), TunnelListenerName, _listeners.Count);
        }
    }
}
