using Proxy.Kernel;
using Proxy.Policy.Balancing;
using Proxy.Policy.Health;
using Proxy.Protocol.Ends;
using Proxy.Transport;

namespace Proxy.Actors;

// The way to a server: one is picked and dialled, after it another, until one answers or time and tries are used up.
internal sealed partial class RelayConnectionActor
{
    private readonly List<UpstreamServer> _tried = [];
    private long _openingSinceMicroseconds;
    private long _dialledAtMicroseconds;
    private TimeSpan _dialBudget;
    private (EndReason Reason, string Text)? _lastFailure;
    private int _retries;
    private ServerRace? _race;
    private Dial? _dial;

    private void AskForServer()
    {
        if (_record.Attempts == 0)
        {
            // Later it is the failed dial that keeps the connection.
            _record.Phase = ConnectionPhase.Queued;
        }

        if (_upstream!.Picker.TryPick(Self, _record.Client.Address, _tried, out var place))
        {
            HandlePicked(place);
            return;
        }

        Become(Picking);
        _upstream.Actor.Tell(new UpstreamActor.Pick(_record.Client.Address, [.. _tried]));
    }

    private void HandlePicked(ServerPlace place)
    {
        if (_openingSinceMicroseconds == NotBegun)
        {
            // The time in the queue is not the server's.
            _openingSinceMicroseconds = Loop.NowMicroseconds;
            SetDeadline(_settings.Timeouts.Connect);
        }

        _race = new ServerRace(Loop, place, _tried);
        _record.Server = place.Name;
        _record.Attempts = _tried.Count;
        _record.Phase = ConnectionPhase.Connecting;
        _dialledAtMicroseconds = Loop.NowMicroseconds;
        _record.WaitMicroseconds ??= _dialledAtMicroseconds - _record.StartMicroseconds;
        Become(Connecting);

        // What is left of the time is shared with some of the servers that may follow, so that a silent one does not use it up.
        var left = _settings.Timeouts.Connect - TimeSpan.FromMicroseconds(Loop.NowMicroseconds - _openingSinceMicroseconds);
        var shares = Math.Min(place.OthersLeft, _settings.MaximumRetries - _retries) + 1;
        _dialBudget = left / shares;
        _dial = new Dial(Self, Loop, _race, _dialBudget, _upstream!.Picker.Settings.Sources, _settings.IsUdp);
    }

    private void HandleDialed(Dial.Dialed dialed)
    {
        _record.Attempts = _tried.Count;
        _record.Server = _race!.Winner!.Name;
        if (_preamble.Fault is { } gone)
        {
            // The word of it stands behind this message: a relay would wait for an end that has been told already.
            End(EndReason.ResetByClient, gone.Text);
            return;
        }

        if (dialed.Watch.Fault is { } fault)
        {
            TryAnother(EndReason.ResetByUpstream, fault.Text, ServerOutcome.ResetEarly);
            return;
        }

        if (_upstream!.Picker.Settings.Tls is { } tls)
        {
            SecureServer(TakeDialed(), tls);
        }
        else if (!IsGoneDown())
        {
            HandleAnswered(TakeDialed());
        }
    }

    private IChannel TakeDialed()
    {
        var server = _dial!.Take();
        _dial = null;
        SendHeader(server);
        return server;
    }

    private bool IsGoneDown()
    {
        if (!_upstream!.Picker.Settings.EndsSessionsOnDown || !_race!.Winner!.IsDown)
        {
            return false;
        }

        // Found out while it was dialled; from here on the word of it finds its way.
        TryAnother(EndReason.UpstreamDown, "it was marked down while it was dialled");
        return true;
    }

    private void HandleAnswered(IChannel server)
    {
        _record.ConnectMicroseconds = Loop.NowMicroseconds - _dialledAtMicroseconds;
        BeginRelaying(_client, server);
    }

    private void TryAnother(EndReason reason, string text, ServerOutcome? outcome = null)
    {
        _dial?.Abandon();
        _secured?.Abort();
        _secured = null;
        _race!.End(outcome);
        _race = null;
        _record.Attempts = _tried.Count;
        _lastFailure = (reason, text);
        if (_retries >= _settings.MaximumRetries)
        {
            End(reason, _retries > 0 ? $"{text}; {_tried.Count} servers were tried" : text);
            return;
        }

        _retries++;
        AskForServer();
    }

    // A client that goes away before the server has said anything says nothing of the server.
    private ServerOutcome? LastOutcome() => _record switch
    {
        { Relay: null } => null,
        { Reason: EndReason.ResetByUpstream, BytesFromUpstream: 0 } => ServerOutcome.ResetEarly,
        { BytesFromUpstream: > 0 } or { Reason: EndReason.Completed } => ServerOutcome.Answered,
        _ => null,
    };

    private const long NotBegun = -1;
}
