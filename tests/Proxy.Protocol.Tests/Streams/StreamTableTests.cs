using Proxy.Protocol.Ends;
using Proxy.Protocol.Streams;
using static Proxy.Protocol.Streams.StreamEffects;
using static Proxy.Protocol.Streams.StreamState;

namespace Proxy.Protocol.Tests.Streams;

/// <summary>Every event in every state, as the table above <see cref="StreamMachine"/> has it.</summary>
public sealed class StreamTableTests
{
    public enum Event
    {
        OpenLocally,
        HandleSyn,
        HandleSynAck,
        HandleData,
        HandleFin,
        HandleReset,
        HandlePauseToggle,
        FinishLocally,
        ResetLocally,
        PauseLocally,
        CloseLocally,
        HandleTunnelFailed,
    }

    private const StreamEffects CutOffByPeer = DropUnsent | Abort;
    private const StreamEffects CutOffByUs = DropUnsent | SendReset;

    private static readonly StreamState[] States = Enum.GetValues<StreamState>();

    // One row per event; a cell per state in the order StreamState.None, SynSent, Established, FinSent, FinReceived, Dead, RealClosed.
    private static readonly Dictionary<Event, (StreamState Next, StreamEffects Effects)[]> Table = new()
    {
        [Event.OpenLocally] =
        [
            (SynSent, SendSyn), (SynSent, Misuse), (Established, Misuse), (FinSent, Misuse),
            (FinReceived, Misuse), (Dead, Misuse), (RealClosed, Misuse),
        ],
        [Event.HandleSyn] =
        [
            (Established, SendSynAck | Opened), Ignored(SynSent), Ignored(Established), Ignored(FinSent),
            Ignored(FinReceived), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.HandleSynAck] =
        [
            (StreamState.None, SendReset), (Established, Opened), Ignored(Established), Ignored(FinSent),
            Ignored(FinReceived), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.HandleData] =
        [
            (StreamState.None, SendReset), (Established, Opened | Deliver), (Established, Deliver), (FinSent, Deliver),
            (Dead, CutOffByUs | Abort), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.HandleFin] =
        [
            Ignored(StreamState.None), (FinReceived, Opened | DeliverEnd), (FinReceived, DeliverEnd), (Dead, DeliverEnd),
            (Dead, CutOffByPeer), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.HandleReset] =
        [
            Ignored(StreamState.None), (Dead, CutOffByPeer), (Dead, CutOffByPeer), (Dead, CutOffByPeer),
            (Dead, CutOffByPeer), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.HandlePauseToggle] =
        [
            Ignored(StreamState.None), (SynSent, StopSending), (Established, StopSending), (FinSent, StopSending),
            (FinReceived, StopSending), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.FinishLocally] =
        [
            (StreamState.None, Misuse), (FinSent, SendFin), (FinSent, SendFin), Ignored(FinSent), (Dead, SendFin), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.ResetLocally] =
        [
            Ignored(Dead), (Dead, CutOffByUs), (Dead, CutOffByUs), (Dead, CutOffByUs), (Dead, CutOffByUs), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.PauseLocally] =
        [
            Ignored(StreamState.None), (SynSent, SendPauseToggle), (Established, SendPauseToggle), (FinSent, SendPauseToggle),
            Ignored(FinReceived), Ignored(Dead), Ignored(RealClosed),
        ],
        [Event.CloseLocally] =
        [
            (RealClosed, Remove), (RealClosed, CutOffByUs | Remove), (RealClosed, CutOffByUs | Remove), (RealClosed, CutOffByUs | Remove),
            (RealClosed, CutOffByUs | Remove), (RealClosed, Remove), Ignored(RealClosed),
        ],
        [Event.HandleTunnelFailed] =
        [
            (Dead, Abort), (Dead, CutOffByPeer), (Dead, CutOffByPeer), (Dead, CutOffByPeer), (Dead, CutOffByPeer), Ignored(Dead), Ignored(RealClosed),
        ],
    };

    public static TheoryData<Event, StreamState> Cells()
    {
        var cells = new TheoryData<Event, StreamState>();
        foreach (var @event in Enum.GetValues<Event>())
        {
            foreach (var state in States)
            {
                cells.Add(@event, state);
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void Every_event_in_every_state_does_what_the_table_says(Event @event, StreamState state)
    {
        var machine = In(state);
        var endBefore = machine.End;
        var expected = Table[@event][(int)state];

        var effects = Apply(ref machine, @event);

        Assert.Equal(expected, (machine.State, effects));
        Assert.Equal(machine.State is Dead or RealClosed, machine.End != EndReason.None);
        Assert.True(endBefore == EndReason.None || endBefore == machine.End, "A later reason replaced the first.");
    }

    [Fact]
    public void The_table_has_a_row_for_every_event_and_a_cell_for_every_state()
    {
        Assert.Equal(Enum.GetValues<Event>(), Table.Keys.Order());
        Assert.All(Table.Values, row => Assert.Equal(States.Length, row.Length));
    }

    internal static StreamMachine In(StreamState state)
    {
        var machine = default(StreamMachine);
        if (state == StreamState.None)
        {
            return machine;
        }

        machine.OpenLocally();
        if (state != SynSent)
        {
            machine.HandleSynAck();
        }

        switch (state)
        {
            case FinSent:
                machine.FinishLocally();
                break;
            case FinReceived:
                machine.HandleFin();
                break;
            case Dead:
                machine.FinishLocally();
                machine.HandleFin();
                break;
            case RealClosed:
                machine.CloseLocally();
                break;
            default:
                break;
        }

        Assert.Equal(state, machine.State);
        return machine;
    }

    internal static StreamEffects Apply(ref StreamMachine machine, Event @event) => @event switch
    {
        Event.OpenLocally => machine.OpenLocally(),
        Event.HandleSyn => machine.HandleSyn(),
        Event.HandleSynAck => machine.HandleSynAck(),
        Event.HandleData => machine.HandleData(),
        Event.HandleFin => machine.HandleFin(),
        Event.HandleReset => machine.HandleReset(),
        Event.HandlePauseToggle => machine.HandlePauseToggle(),
        Event.FinishLocally => machine.FinishLocally(),
        Event.ResetLocally => machine.ResetLocally(EndReason.IdleTimeout),
        Event.PauseLocally => machine.PauseLocally(pause: true),
        Event.CloseLocally => machine.CloseLocally(),
        _ => machine.HandleTunnelFailed(EndReason.TunnelLost),
    };

    private static (StreamState Next, StreamEffects Effects) Ignored(StreamState state) => (state, StreamEffects.None);
}
