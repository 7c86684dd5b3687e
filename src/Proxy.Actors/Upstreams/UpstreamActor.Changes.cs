using Proxy.Kernel;

namespace Proxy.Actors;

// Settings that change while connections live, and the end of an upstream that is in the settings no more.
internal sealed partial class UpstreamActor
{
    private void HandleChange(UpstreamSettings settings)
    {
        var old = _settings;
        _settings = settings;
        _picker.Change(settings);
        var isOtherCheck = old.Check != settings.Check || !SameSettings.UpstreamTls(old.Tls, settings.Tls);
        if (isOtherCheck)
        {
            EndAllChecks();
        }

        if (!SameSettings.Lists(old.Targets, settings.Targets))
        {
            var names = _picker.Servers.Names;
            SetServers(_picker.Servers.Change(settings.Targets), isChecking: !isOtherCheck);
            foreach (var gone in names.Except(_picker.Servers.Names, StringComparer.OrdinalIgnoreCase))
            {
                ForgetName(gone);
            }

            foreach (var name in _picker.Servers.Names.Except(names, StringComparer.OrdinalIgnoreCase))
            {
                _unanswered.Add(name);
                BeginResolving(name);
            }
        }

        if (isOtherCheck)
        {
            BeginChecking(_picker.Use((group, _, _) => group.Servers));
        }

        ServeWaiting();
    }

    /// <summary>What was found before holds until it is found otherwise; with no checks any more nobody is down.</summary>
    private void EndAllChecks()
    {
        var servers = _picker.Use((group, _, _) => group.Servers);
        EndChecking(servers);
        if (_settings.Check is not null)
        {
            return;
        }

        _picker.Use((group, _, now) =>
        {
            foreach (var server in servers)
            {
                group.HandleChecked(server, isUp: true, "it is not checked any more", now);
            }

            return true;
        });
    }

    private void StopAfterTheLast()
    {
        var isUsed = _waitingForNames.Count > 0 || _picker.Use((group, queue, _) => queue.Count > 0 || group.LiveConnections > 0);
        if (!isUsed)
        {
            Context.Stop(Self);
        }
    }
}
