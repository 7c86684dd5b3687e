using System.Net;
using Proxy.Transport.Dials;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Dials;

public sealed class DialerTests : IDialHandler
{
    private static readonly IPEndPoint Six1 = IPEndPoint.Parse("[2001:db8::1]:80");
    private static readonly IPEndPoint Six2 = IPEndPoint.Parse("[2001:db8::2]:80");
    private static readonly IPEndPoint Four1 = IPEndPoint.Parse("192.0.2.1:80");
    private static readonly IPEndPoint Four2 = IPEndPoint.Parse("192.0.2.2:80");
    private static readonly IPEndPoint Four3 = IPEndPoint.Parse("192.0.2.3:80");
    private readonly ManualLoop _loop = new();
    private readonly List<IChannel> _dialed = [];
    private readonly List<DialFailure> _failures = [];
    private readonly List<IPEndPoint> _attemptFaults = [];

    [Fact]
    public void Families_take_turns_IPv6_first_each_after_its_stagger()
    {
        Dial(Four1, Four2, Four3, Six1, Six2);
        Assert.Equal([Six1], Tried());

        _loop.Advance(TimeSpan.FromMilliseconds(249.999));
        Assert.Equal([Six1], Tried());

        _loop.Advance(TimeSpan.FromMilliseconds(0.001));
        Assert.Equal([Six1, Four1], Tried());

        _loop.Advance(TimeSpan.FromMilliseconds(750));
        Assert.Equal([Six1, Four1, Six2, Four2, Four3], Tried());
    }

    [Fact]
    public void The_first_to_connect_wins_and_the_others_are_aborted()
    {
        Dial(Six1, Four1, Four2);
        _loop.Advance(TimeSpan.FromMilliseconds(250));
        _loop.Connects[1].Connected();

        Assert.Same(_loop.Connects[1], Assert.Single(_dialed));
        Assert.Equal("[abort]", _loop.Connects[0].Commands);
        Assert.Equal("", _loop.Connects[1].Commands);
        _loop.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, _loop.Connects.Count);
        Assert.Empty(_failures);
        Assert.Equal(0, _loop.ArmedDeadlines);
    }

    [Fact]
    public void After_a_failure_the_next_address_is_tried_at_once()
    {
        Dial(Six1, Four1, Six2);
        _loop.Connects[0].Fails(TransportFaultKind.Refused);
        Assert.Equal([Six1, Four1], Tried());

        _loop.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal([Six1, Four1, Six2], Tried());
    }

    [Fact]
    public void When_all_fail_the_first_fault_is_the_reason_and_all_are_told()
    {
        Dial(Four1, Four2);
        _loop.Connects[0].Fails(TransportFaultKind.Refused);
        Assert.Empty(_failures);
        _loop.Connects[1].Fails(TransportFaultKind.Unreachable);

        var failure = Assert.Single(_failures);
        Assert.Equal(TransportFaultKind.Refused, failure.Reason.Kind);
        Assert.Equal([Four1, Four2], failure.Attempts.Select(attempt => attempt.EndPoint));
        Assert.Equal("Refused (192.0.2.1:80: Refused; 192.0.2.2:80: Unreachable)", failure.ToString());
        Assert.Equal(0, _loop.ArmedDeadlines);
    }

    [Fact]
    public void At_the_deadline_the_dial_has_timed_out_and_what_is_under_way_is_aborted()
    {
        Dial(Six1, Four1);
        _loop.Connects[0].Fails(TransportFaultKind.Unreachable);
        _loop.Advance(TimeSpan.FromSeconds(10));

        var failure = Assert.Single(_failures);
        Assert.Equal(TransportFaultKind.TimedOut, failure.Reason.Kind);
        Assert.Equal([TransportFaultKind.Unreachable, TransportFaultKind.TimedOut], failure.Attempts.Select(attempt => attempt.Fault.Kind));
        Assert.Equal("[abort]", _loop.Connects[1].Commands);
    }

    [Fact]
    public void A_deadline_shorter_than_the_stagger_holds()
    {
        Dialer.Start(_loop, [Four1, Four2], TcpOptions.Default, new DialSettings { Deadline = TimeSpan.FromMilliseconds(100) }, this);
        _loop.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal([Four1], Tried());
        Assert.Equal(TransportFaultKind.TimedOut, Assert.Single(_failures).Reason.Kind);
    }

    [Fact]
    public void Without_an_address_the_dial_fails_in_a_later_turn()
    {
        Dialer.Start(_loop, [], TcpOptions.Default, DialSettings.Default, this);
        Assert.Empty(_failures);

        _loop.RunPosted();
        Assert.Equal(TransportFaultKind.Unreachable, Assert.Single(_failures).Reason.Kind);
    }

    [Fact]
    public void The_same_address_twice_is_tried_once()
    {
        Dial(Four1, Four1);
        _loop.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([Four1], Tried());
    }

    [Fact]
    public void No_more_than_32_addresses_are_tried()
    {
        Dial([.. Enumerable.Range(1, 100).Select(host => new IPEndPoint(new IPAddress([192, 0, 2, (byte)host]), 80))]);
        while (_failures.Count == 0)
        {
            _loop.Connects[^1].Fails(TransportFaultKind.Refused);
        }

        Assert.Equal(32, _loop.Connects.Count);
    }

    [Fact]
    public void Where_the_order_is_given_it_is_kept_and_an_address_is_asked_for_when_its_turn_has_come()
    {
        var asked = new List<IPEndPoint>();
        Dialer.Start(_loop, Addresses(), TcpOptions.Default, DialSettings.Default with { IsOrderGiven = true }, this);
        _loop.RunPosted();
        Assert.Equal([Four1], asked);

        _loop.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal([Four1, Six1], asked);
        _loop.Connects[1].Fails(TransportFaultKind.Refused);

        Assert.Equal([Four1, Six1, Four2], Tried());
        Assert.Equal([Six1], _attemptFaults);
        _loop.Connects[0].Fails(TransportFaultKind.Refused);
        Assert.Empty(_failures);
        _loop.Connects[2].Fails(TransportFaultKind.Refused);
        Assert.Equal([Six1, Four1, Four2], Assert.Single(_failures).Attempts.Select(attempt => attempt.EndPoint));

        IEnumerable<IPEndPoint> Addresses()
        {
            foreach (var address in new[] { Four1, Six1, Four2 })
            {
                asked.Add(address);
                yield return address;
            }
        }
    }

    [Fact]
    public void A_cancelled_dial_aborts_its_attempts_and_says_nothing()
    {
        var dialer = Dial(Six1, Four1);
        _loop.Advance(TimeSpan.FromMilliseconds(250));
        dialer.Cancel();
        _loop.Advance(TimeSpan.FromMinutes(1));

        Assert.All(_loop.Connects, channel => Assert.Equal("[abort]", channel.Commands));
        Assert.Empty(_dialed);
        Assert.Empty(_failures);
    }

    [Fact]
    public void A_dial_cancelled_before_its_first_turn_tries_nothing()
    {
        Dialer.Start(_loop, [Four1], TcpOptions.Default, DialSettings.Default, this).Cancel();
        _loop.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(_loop.Connects);
        Assert.Empty(_failures);
    }

    void IDialHandler.OnDialed(Dialer dialer, IChannel channel) => _dialed.Add(channel);

    void IDialHandler.OnAttemptFailed(IPEndPoint endPoint, TransportFault fault) => _attemptFaults.Add(endPoint);

    void IDialHandler.OnDialFailed(Dialer dialer, DialFailure failure) => _failures.Add(failure);

    private Dialer Dial(params IPEndPoint[] endPoints)
    {
        var dialer = Dialer.Start(_loop, endPoints, TcpOptions.Default, DialSettings.Default, this);
        _loop.RunPosted();
        return dialer;
    }

    private IEnumerable<IPEndPoint> Tried() => _loop.Connects.Select(channel => (IPEndPoint)channel.RemoteEndPoint!);
}
