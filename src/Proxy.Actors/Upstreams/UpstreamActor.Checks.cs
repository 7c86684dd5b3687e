using System.Net;
using Proxy.Kernel;
using Proxy.Policy.Balancing;

namespace Proxy.Actors;

// One checking actor for each server, as long as the server is in the group.
internal sealed partial class UpstreamActor
{
    private readonly Dictionary<IActorRef, UpstreamServer> _checkers = [];
    private readonly Dictionary<UpstreamServer, IPEndPoint> _checkAddresses = [];
    private readonly Dictionary<UpstreamServer, CheckStatus> _checks = [];

    private void ReceiveChecks() => Receive<HealthCheckActor.Checked>(result =>
    {
        if (!_checkers.TryGetValue(Sender, out var server))
        {
            return;
        }

        _checks[server] = new CheckStatus(result.Text, result.Passed, result.Failed);
        if (result.Verdict is { } isUp)
        {
            _picker.Use((group, _, now) =>
            {
                group.HandleChecked(server, isUp, result.Text, now);
                return true;
            });
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
            var address = server.Settings.CheckAddress;
            var tls = _settings.Tls is { } settings ? new CheckTls(settings.RoleTowards(ServerPlace.HostOf(server)), settings.Handshake) : null;
            var isHeldDown = _picker.IsDown(server);
            var sources = _settings.Sources;
            var checker = Context.ActorOf(
                Props.Create(() => new HealthCheckActor(address, check, tls, isHeldDown, sources)).WithDispatcher(Context.Dispatcher));
            _checkers.Add(checker, server);
            _checkAddresses[server] = address;
        }
    }

    /// <summary>A server that stays may be asked elsewhere now.</summary>
    private void FollowCheckAddresses(IEnumerable<UpstreamServer> kept)
    {
        UpstreamServer[] moved = [.. kept.Where(server => _checkAddresses.TryGetValue(server, out var address) && !address.Equals(server.Settings.CheckAddress))];
        EndChecking(moved);
        BeginChecking(moved);
    }

    private void EndChecking(IEnumerable<UpstreamServer> servers)
    {
        foreach (var (checker, server) in _checkers.Where(entry => servers.Contains(entry.Value)).ToArray())
        {
            _checkers.Remove(checker);
            _checks.Remove(server);
            _checkAddresses.Remove(server);
            Context.Stop(checker);
        }
    }

    private CheckStatus ChecksOf(UpstreamServer server) => _checks.GetValueOrDefault(server, CheckStatus.None);
}
