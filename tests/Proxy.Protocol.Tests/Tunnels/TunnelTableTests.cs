using Proxy.Protocol.Ends;
using Proxy.Protocol.Tunnels;
using static Proxy.Protocol.Tunnels.TunnelEffects;
using static Proxy.Protocol.Tunnels.TunnelState;

namespace Proxy.Protocol.Tests.Tunnels;

/// <summary>Every event in every state at both ends, as the table above <see cref="TunnelMachine"/> has it.</summary>
public sealed class TunnelTableTests
{
    public enum Event
    {
        Start,
        HandleSettings,
        HandleFrame,
        HandleSyn,
        HandleGoAway,
        HandleMalformed,
        HandleHandshakeTimeout,
        HandlePeerSilent,
        HandleTransportLost,
        Drain,
        HandleLastStreamEnded,
        Close,
    }

    private const TunnelEffects Failed = FailStreams | SendGoAway;

    private static readonly Cell Malformed = new(Closed, Failed, EndReason.Malformed);
    private static readonly Cell Silent = new(Closed, Failed, EndReason.TunnelLost);
    private static readonly Cell Lost = new(Closed, FailStreams, EndReason.TunnelLost);
    private static readonly Cell ShutDown = new(Closed, FailStreams, EndReason.PeerShutDown);
    private static readonly Cell TimedOut = new(Closed, Failed, EndReason.HandshakeTimeout);
    private static readonly Cell Drained = new(Closed, Failed, EndReason.Draining);
    private static readonly Cell Killed = new(Closed, Failed, EndReason.KilledLocally);
    private static readonly Cell Over = new(Closed, None, EndReason.InternalError);

    // One row per event; a cell per state in the order Init, HandshakeSent, Ready, Draining, Closed.
    private static readonly Dictionary<Event, Cell[]> Client = new()
    {
        [Event.Start] =
        [
            Go(HandshakeSent, SendSettings), Go(HandshakeSent, Misuse), Go(Ready, Misuse), Go(Draining, Misuse), Over with { Effects = Misuse },
        ],
        [Event.HandleSettings] = [Malformed, Go(Ready, BecameReady), Malformed, Malformed, Over],
        [Event.HandleFrame] = [Malformed, Malformed, Go(Ready, Process), Go(Draining, Process), Over],
        [Event.HandleSyn] = [Malformed, Malformed, Go(Ready, RefuseStream), Go(Draining, RefuseStream), Over],
        [Event.HandleGoAway] = [ShutDown, ShutDown, ShutDown, ShutDown, Over],
        [Event.HandleMalformed] = [Malformed, Malformed, Malformed, Malformed, Over],
        [Event.HandleHandshakeTimeout] = [TimedOut, TimedOut, Go(Ready, None), Go(Draining, None), Over],
        [Event.HandlePeerSilent] = [Silent, Silent, Silent, Silent, Over],
        [Event.HandleTransportLost] = [Lost, Lost, Lost, Lost, Over],
        [Event.Drain] = [Drained, Drained, Go(Draining, StopOpening), Go(Draining, None), Over],
        [Event.HandleLastStreamEnded] = [Go(Init, None), Go(HandshakeSent, None), Go(Ready, None), Drained, Over],
        [Event.Close] = [Killed, Killed, Killed, Killed, Over],
    };

    // What differs at the server, which is never in HandshakeSent.
    private static readonly Dictionary<(Event Event, TunnelState State), Cell> Server = new()
    {
        [(Event.Start, Init)] = Go(Init, None),
        [(Event.HandleSettings, Init)] = Go(Ready, SendSettings | BecameReady),
        [(Event.HandleSyn, Ready)] = Go(Ready, Process),
    };

    public static TheoryData<TunnelRole, Event, TunnelState> Cells()
    {
        var cells = new TheoryData<TunnelRole, Event, TunnelState>();
        foreach (var @event in Enum.GetValues<Event>())
        {
            foreach (var state in Enum.GetValues<TunnelState>())
            {
                cells.Add(TunnelRole.Client, @event, state);
                if (state != HandshakeSent)
                {
                    cells.Add(TunnelRole.Server, @event, state);
                }
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Every_event_in_every_state_does_what_the_table_says(TunnelRole role, Event @event, TunnelState state)
    {
        var tunnel = In(role, state);
        var expected = role == TunnelRole.Server && Server.TryGetValue((@event, state), out var cell) ? cell : Client[@event][(int)state];

        var effects = Apply(ref tunnel, @event);

        Assert.Equal(expected, new Cell(tunnel.State, effects, tunnel.End));
    }

    [Fact]
    public void Only_a_ready_client_opens_streams()
    {
        foreach (var role in Enum.GetValues<TunnelRole>())
        {
            foreach (var state in Enum.GetValues<TunnelState>().Where(state => role == TunnelRole.Client || state != HandshakeSent))
            {
                Assert.Equal(role == TunnelRole.Client && state == Ready, In(role, state).CanOpen);
            }
        }
    }

    private static TunnelMachine In(TunnelRole role, TunnelState state)
    {
        var tunnel = new TunnelMachine(role);
        if (state >= HandshakeSent)
        {
            tunnel.Start();
        }

        if (state >= Ready)
        {
            tunnel.HandleSettings();
        }

        if (state == Draining)
        {
            tunnel.Drain();
        }

        if (state == Closed)
        {
            tunnel.Close(EndReason.InternalError);
        }

        Assert.Equal(state, tunnel.State);
        return tunnel;
    }

    private static TunnelEffects Apply(ref TunnelMachine tunnel, Event @event) => @event switch
    {
        Event.Start => tunnel.Start(),
        Event.HandleSettings => tunnel.HandleSettings(),
        Event.HandleFrame => tunnel.HandleFrame(),
        Event.HandleSyn => tunnel.HandleSyn(),
        Event.HandleGoAway => tunnel.HandleGoAway(),
        Event.HandleMalformed => tunnel.HandleMalformed(),
        Event.HandleHandshakeTimeout => tunnel.HandleHandshakeTimeout(),
        Event.HandlePeerSilent => tunnel.HandlePeerSilent(),
        Event.HandleTransportLost => tunnel.HandleTransportLost(),
        Event.Drain => tunnel.Drain(),
        Event.HandleLastStreamEnded => tunnel.HandleLastStreamEnded(),
        _ => tunnel.Close(EndReason.KilledLocally),
    };

    private static Cell Go(TunnelState next, TunnelEffects effects) => new(next, effects, EndReason.None);

    private sealed record Cell(TunnelState Next, TunnelEffects Effects, EndReason End);
}
