using Proxy.Kernel;
using Proxy.Policy.Balancing;

namespace Proxy.Actors;

// One checking actor for each server, as long as the server is in the group.
internal sealed partial class UpstreamActor
{
    private readonly Dictionary<IActorRef, UpstreamServer> _checkers = [];

    private void ReceiveChecks() => Receive<HealthCheckActor.Checked>(result =>
    {
        if (_checkers.TryGetValue(Sender, out var server))
        {
            _group.HandleChecked(server, result.IsUp, result.Reason, NowMicroseconds);
            ServeWaiting();
        }
    });

    private void BeginChecking(IEnumerable<UpstreamServer> servers)
    {
        if (_settings.Check is not { } check)
        {
            return;
        }

        foreach (var server in servers)
        {
            var address = server.Settings.Address;
            _checkers.Add(Context.ActorOf(Props.Create(() => new HealthCheckActor(address, check)).WithDispatcher(Context.Dispatcher)), server);
        }
    }

    private void EndChecking(IEnumerable<UpstreamServer> servers)
    {
        foreach (var (checker, _) in _checkers.Where(entry => servers.Contains(entry.Value)).ToArray())
        {
            _checkers.Remove(checker);
            Context.Stop(checker);
        }
    }
}
