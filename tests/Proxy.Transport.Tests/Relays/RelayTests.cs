using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Relays;

public sealed class RelayTests
{
    private readonly ManualLoop _loop = new();
    private readonly ScriptedChannel _client = new();
    private readonly ScriptedChannel _upstream = new();
    private readonly RecordingObserver _observer = new();

    [Fact]
    public void Bytes_go_across_both_ways_and_are_counted()
    {
        var relay = Start();
        _client.Receives("GET");
        _upstream.Receives("200 OK");

        Assert.Equal("GET", _upstream.Commands);
        Assert.Equal("200 OK", _client.Commands);
        Assert.Equal((3, 6), (relay.BytesFromClient, relay.BytesFromUpstream));
        Assert.Equal((RelayDirectionState.Flowing, RelayDirectionState.Flowing), (relay.FromClient, relay.FromUpstream));
    }

    [Fact]
    public void Receiving_starts_with_the_relay()
    {
        var relay = new Relay(_loop, _client, _upstream, RelaySettings.Default, _observer);
        Assert.True(_client.IsPaused && _upstream.IsPaused);

        relay.Start();
        Assert.False(_client.IsPaused || _upstream.IsPaused);
    }

    [Fact]
    public void A_full_sink_pauses_its_source_and_no_one_else_until_it_has_drained()
    {
        var relay = Start();
        _upstream.IsTaking = false;
        _client.Receives("a");
        Assert.True(_client.IsPaused);
        Assert.False(_upstream.IsPaused);
        Assert.Equal(RelayDirectionState.Blocked, relay.FromClient);
        Assert.Equal(RelayDirectionState.Flowing, relay.FromUpstream);

        _upstream.Drains();
        Assert.False(_client.IsPaused);
        Assert.Equal(RelayDirectionState.Flowing, relay.FromClient);
    }

    [Fact]
    public void Bytes_that_the_owner_sent_before_hold_the_other_side_back()
    {
        _upstream.HasUnsent = true;
        var relay = Start();
        Assert.True(_client.IsPaused);
        Assert.False(_upstream.IsPaused);

        _upstream.Drains();
        Assert.False(_client.IsPaused);
        Assert.Equal(0, relay.BytesFromClient);
    }

    [Fact]
    public void An_end_of_stream_is_passed_on_and_the_other_direction_goes_on()
    {
        var relay = Start();
        _client.Receives("question");
        _client.Ends();
        _upstream.Receives("answer");

        Assert.Equal("question|", _upstream.Commands);
        Assert.Equal("answer", _client.Commands);
        Assert.Equal([RelaySide.Client], _observer.HalfClosed);
        Assert.Equal(RelayDirectionState.Ended, relay.FromClient);
        Assert.Empty(_observer.Ends);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void When_both_sides_have_ended_both_are_closed(bool isClientFirst)
    {
        Start();
        var (first, second) = isClientFirst ? (_client, _upstream) : (_upstream, _client);
        first.Ends();
        second.Ends();

        Assert.Equal("|[close]", _client.Commands);
        Assert.Equal("|[close]", _upstream.Commands);
        Assert.Equal([new RelayEnd(RelayEndKind.Completed, default, RelayDirectionState.Ended, RelayDirectionState.Ended)], _observer.Ends);
        Assert.Equal([isClientFirst ? RelaySide.Client : RelaySide.Upstream], _observer.HalfClosed);
        Assert.Equal(0, _loop.ArmedDeadlines);
    }

    [Fact]
    public void Completion_waits_for_the_last_kept_bytes()
    {
        var relay = Start();
        _client.Ends();
        _client.IsTaking = false;
        _upstream.Receives("tail");
        _upstream.ResumeReceive();
        _upstream.Ends();
        Assert.Empty(_observer.Ends);
        Assert.Equal(RelayDirectionState.Draining, relay.FromUpstream);

        _client.Drains();
        Assert.Equal(RelayEndKind.Completed, Assert.Single(_observer.Ends).Kind);
        Assert.Equal("tail|[close]", _client.Commands);
    }

    [Theory]
    [InlineData(RelaySide.Client, RelayEndKind.ClientFailed)]
    [InlineData(RelaySide.Upstream, RelayEndKind.UpstreamFailed)]
    public void A_reset_arrives_as_a_reset(RelaySide side, RelayEndKind kind)
    {
        Start();
        var (failing, other) = side == RelaySide.Client ? (_client, _upstream) : (_upstream, _client);
        failing.Fails(TransportFaultKind.Reset);

        Assert.Equal("[abort]", other.Commands);
        var end = Assert.Single(_observer.Ends);
        Assert.Equal(kind, end.Kind);
        Assert.Equal(TransportFaultKind.Reset, end.Fault.Kind);
        Assert.Equal((RelayDirectionState.Flowing, RelayDirectionState.Flowing), (end.FromClient, end.FromUpstream));
        Assert.Equal(0, _loop.ArmedDeadlines);
    }

    [Fact]
    public void A_reset_after_the_own_end_still_counts_while_the_other_direction_is_open()
    {
        Start();
        _client.Ends();
        _client.Fails(TransportFaultKind.Reset);

        var end = Assert.Single(_observer.Ends);
        Assert.Equal(RelayEndKind.ClientFailed, end.Kind);
        Assert.Equal((RelayDirectionState.Ended, RelayDirectionState.Flowing), (end.FromClient, end.FromUpstream));
        Assert.Equal("|[abort]", _upstream.Commands);
    }

    [Fact]
    public void A_late_reset_of_a_side_that_has_given_and_got_everything_changes_nothing()
    {
        Start();
        _upstream.IsTaking = false;
        _client.Receives("tail");
        _client.ResumeReceive();
        _client.Ends();
        _upstream.Ends();
        _client.Fails(TransportFaultKind.Reset);
        Assert.Empty(_observer.Ends);

        _upstream.Drains();
        Assert.Equal(RelayEndKind.Completed, Assert.Single(_observer.Ends).Kind);
        Assert.Equal("tail|[close]", _upstream.Commands);
    }

    [Fact]
    public void A_late_reset_that_loses_kept_bytes_is_a_failure()
    {
        Start();
        _upstream.IsTaking = false;
        _client.Receives("tail");
        _client.ResumeReceive();
        _client.Ends();
        _upstream.Ends();
        _upstream.Fails(TransportFaultKind.Reset);

        Assert.Equal(RelayEndKind.UpstreamFailed, Assert.Single(_observer.Ends).Kind);
    }

    [Fact]
    public void The_owner_may_abort_and_is_told_once_in_a_later_turn()
    {
        var relay = Start();
        relay.Abort();
        relay.Abort();
        Assert.Empty(_observer.Ends);
        Assert.True(relay.HasEnded);

        _loop.RunPosted();
        Assert.Equal(RelayEndKind.AbortedByOwner, Assert.Single(_observer.Ends).Kind);
        Assert.Equal("[abort]", _client.Commands);
        Assert.Equal("[abort]", _upstream.Commands);
    }

    [Fact]
    public void An_abort_after_the_end_changes_nothing()
    {
        var relay = Start();
        _client.Ends();
        _upstream.Ends();
        relay.Abort();
        _loop.RunPosted();

        Assert.Equal(RelayEndKind.Completed, Assert.Single(_observer.Ends).Kind);
    }

    private Relay Start()
    {
        var relay = new Relay(_loop, _client, _upstream, RelaySettings.Default, _observer);
        relay.Start();
        return relay;
    }
}
