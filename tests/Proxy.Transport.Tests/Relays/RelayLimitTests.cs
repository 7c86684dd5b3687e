using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Relays;

public sealed class RelayLimitTests
{
    private static readonly TimeSpan Microsecond = TimeSpan.FromMicroseconds(1);
    private readonly ManualLoop _loop = new();
    private readonly ScriptedChannel _client = new();
    private readonly ScriptedChannel _upstream = new();
    private readonly RecordingObserver _observer = new();

    [Fact]
    public void An_idle_relay_ends_to_the_microsecond_after_its_last_byte()
    {
        Start(new RelaySettings { IdleTimeout = TimeSpan.FromSeconds(60) });
        _loop.Advance(TimeSpan.FromSeconds(50));
        _upstream.Receives("x");
        _loop.Advance(TimeSpan.FromSeconds(60) - Microsecond);
        Assert.Empty(_observer.Ends);

        _loop.Advance(Microsecond);
        var end = Assert.Single(_observer.Ends);
        Assert.Equal(RelayEndKind.IdleTimeout, end.Kind);
        Assert.Equal("x[abort]", _client.Commands);
        Assert.Equal("[abort]", _upstream.Commands);
    }

    [Fact]
    public void Bytes_do_not_touch_the_deadline()
    {
        Start(RelaySettings.Default);
        var settings = _loop.DeadlineSettings;
        for (var i = 0; i < 1000; i++)
        {
            _client.Receives("x");
            _loop.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(settings, _loop.DeadlineSettings);
    }

    [Fact]
    public void A_half_closed_relay_has_the_shorter_limit_from_its_last_byte_on()
    {
        Start(new RelaySettings { HalfCloseTimeout = TimeSpan.FromSeconds(30) });
        _loop.Advance(TimeSpan.FromMinutes(10));
        _client.Ends();
        _loop.Advance(TimeSpan.FromSeconds(20));
        _upstream.Receives("late answer");
        _loop.Advance(TimeSpan.FromSeconds(30) - Microsecond);
        Assert.Empty(_observer.Ends);

        _loop.Advance(Microsecond);
        var end = Assert.Single(_observer.Ends);
        Assert.Equal(RelayEndKind.HalfCloseTimeout, end.Kind);
        Assert.Equal((RelayDirectionState.Ended, RelayDirectionState.Flowing), (end.FromClient, end.FromUpstream));
        Assert.Equal("|[abort]", _upstream.Commands);
    }

    [Fact]
    public void Bytes_that_never_drain_after_both_ends_fall_under_the_half_close_limit()
    {
        Start(RelaySettings.Default);
        _upstream.IsTaking = false;
        _client.Receives("x");
        _client.ResumeReceive();
        _client.Ends();
        _upstream.Ends();
        _loop.Advance(TimeSpan.FromSeconds(30));

        var end = Assert.Single(_observer.Ends);
        Assert.Equal(RelayEndKind.HalfCloseTimeout, end.Kind);
        Assert.Equal((RelayDirectionState.Draining, RelayDirectionState.Ended), (end.FromClient, end.FromUpstream));
    }

    [Fact]
    public void A_lifetime_ends_a_busy_relay()
    {
        Start(new RelaySettings { Lifetime = TimeSpan.FromSeconds(90) });
        for (var i = 0; i < 89; i++)
        {
            _loop.Advance(TimeSpan.FromSeconds(1));
            _client.Receives("x");
        }

        Assert.Empty(_observer.Ends);
        _loop.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RelayEndKind.LifetimeReached, Assert.Single(_observer.Ends).Kind);
    }

    [Fact]
    public void A_relay_without_limits_arms_nothing_and_lives_on()
    {
        Start(new RelaySettings { IdleTimeout = TimeSpan.Zero, HalfCloseTimeout = TimeSpan.Zero });
        _client.Ends();
        _loop.Advance(TimeSpan.FromDays(365));

        Assert.Equal(0, _loop.ArmedDeadlines);
        Assert.Empty(_observer.Ends);
    }

    [Fact]
    public void The_first_reason_wins()
    {
        Start(new RelaySettings { IdleTimeout = TimeSpan.FromSeconds(5) });
        _client.Fails(TransportFaultKind.Reset);
        _loop.Advance(TimeSpan.FromHours(2));

        Assert.Equal(RelayEndKind.ClientFailed, Assert.Single(_observer.Ends).Kind);
    }

    private void Start(RelaySettings settings) => new Relay(_loop, _client, _upstream, settings, _observer).Start();
}
