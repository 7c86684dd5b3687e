using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Sessions;

public sealed class KeyUpdateTests
{
    private const long ProbeTimeout = 100_000;

    private static readonly SessionLimits Short = SessionLimits.Default with { DatagramsPerKey = 10, MaximumDatagramsPerKey = 50 };

    private long _now = 2_000_000;

    [Fact]
    public void The_bounds_are_those_that_the_documentation_says()
    {
        Assert.Equal((1L << 23, TimeSpan.FromHours(1), 1L << 36),
            (SessionLimits.Default.DatagramsPerKey, SessionLimits.Default.KeyLifetime, SessionLimits.Default.ForgedDatagrams));
    }

    [Fact]
    public void Keys_are_replaced_after_so_many_datagrams_and_the_peer_follows()
    {
        var (client, server) = Pair(Short);
        for (var number = 0UL; number < 100; number++)
        {
            Assert.Equal(OpenResult.Opened, Open(server, Seal(client)));
            client.HandleAcknowledged(number, _now);
            _now += ProbeTimeout;
        }

        Assert.Equal(((9L, 0L), (0L, 9L)), (client.KeyUpdates, server.KeyUpdates));
    }

    [Fact]
    public void Keys_are_replaced_after_an_hour()
    {
        var (client, server) = Pair(SessionLimits.Default);
        Open(server, Seal(client));
        client.HandleAcknowledged(0, _now);
        _now += 3_598_999_999;
        Seal(client);
        Assert.Equal(0, client.KeyUpdates.Sending);
        _now++;
        Assert.Equal(OpenResult.Opened, Open(server, Seal(client)));
        Assert.Equal((1, 1), (client.KeyUpdates.Sending, server.KeyUpdates.Receiving));
    }

    [Fact]
    public void No_key_is_replaced_before_a_datagram_of_it_was_acknowledged_and_three_probe_timeouts_passed()
    {
        var (client, _) = Pair(Short);
        for (var number = 0; number < 15; number++)
        {
            Seal(client);
        }

        client.HandleAcknowledged(99, _now);
        Assert.Equal(0, Updates(client));
        client.HandleAcknowledged(3, _now);
        _now += (3 * ProbeTimeout) - 1;
        Assert.Equal(0, Updates(client));
        _now++;
        Assert.Equal(1, Updates(client));

        // Acknowledgements of the old phase do not count for the new one.
        for (var number = 0; number < 15; number++)
        {
            Seal(client);
        }

        client.HandleAcknowledged(4, _now);
        _now += 10 * ProbeTimeout;
        Assert.Equal(1, Updates(client));
    }

    [Fact]
    public void What_was_overtaken_by_the_update_opens_for_three_probe_timeouts_and_then_not()
    {
        var (client, server) = Pair(Short);
        var (early, late) = ((byte[])[], (byte[])[]);
        for (var number = 0UL; number < 10; number++)
        {
            var datagram = Seal(client);
            early = number == 7 ? datagram : early;
            late = number == 8 ? datagram : late;
            if (number is not 7 and not 8)
            {
                Open(server, datagram);
            }
        }

        client.HandleAcknowledged(0, _now);
        _now += 3 * ProbeTimeout;
        Open(server, Seal(client));
        Assert.Equal(1, server.KeyUpdates.Receiving);

        _now += (3 * ProbeTimeout) - 1;
        Assert.Equal(OpenResult.Opened, Open(server, early));
        _now++;
        Assert.Equal(OpenResult.Forged, Open(server, late));
        Assert.Equal(OpenResult.Opened, Open(server, Seal(client)));
    }

    [Fact]
    public void A_forged_phase_bit_moves_nothing()
    {
        var (client, server) = Pair(Short);
        Open(server, Seal(client));
        var datagram = Seal(client);
        var forged = datagram.ToArray();
        forged[1] ^= 0x10;

        Assert.Equal(OpenResult.Forged, Open(server, forged));
        Assert.Equal(0, server.KeyUpdates.Receiving);
        Assert.Equal(OpenResult.Opened, Open(server, datagram));
    }

    [Fact]
    public void Through_loss_and_reordering_both_directions_update_and_everything_opens_once()
    {
        Property.Check(30, random =>
        {
            var (client, server) = Pair(Short with { MaximumDatagramsPerKey = 10_000 });
            var flying = new List<(byte[] Datagram, ulong Number, SealedSession From, SealedSession To, long Due)>();
            var unacknowledged = new List<(ulong Number, SealedSession From, long Due)>();
            for (var step = 0; step < 3000; step++)
            {
                var (from, to) = random.Next(2) == 0 ? (client, server) : (server, client);
                var number = from.NextNumber;
                var datagram = Seal(from);
                if (random.Next(10) > 0)
                {
                    flying.Add((datagram, number, from, to, _now + random.Next((int)ProbeTimeout)));
                }

                _now += random.Next(20_000);
                foreach (var arrived in flying.Where(one => one.Due <= _now).ToArray())
                {
                    Assert.Equal(OpenResult.Opened, Open(arrived.To, arrived.Datagram));
                    unacknowledged.Add((arrived.Number, arrived.From, _now + random.Next((int)ProbeTimeout)));
                }

                flying.RemoveAll(one => one.Due <= _now);
                unacknowledged.Where(one => one.Due <= _now).ToList().ForEach(one => one.From.HandleAcknowledged(one.Number, _now));
                unacknowledged.RemoveAll(one => one.Due <= _now);
            }

            Assert.True(client.KeyUpdates.Sending > 10 && server.KeyUpdates.Sending > 10, "The keys were hardly replaced.");
        });
    }

    [Fact]
    public void Too_many_forgeries_end_the_session_for_both_directions()
    {
        var (client, server) = Pair(SessionLimits.Default with { ForgedDatagrams = 3 });
        var good = Seal(client);
        var forged = Seal(client);
        forged[30] ^= 1;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            Assert.Equal(SessionEnd.None, server.End);
            Assert.Equal(OpenResult.Forged, Open(server, forged));
        }

        Assert.Equal(SessionEnd.TooManyForgeries, server.End);
        Assert.Equal(OpenResult.Ended, Open(server, good));
        Assert.False(server.TrySeal(new byte[40], 4, _now, out _, out _));
    }

    [Fact]
    public void Who_is_never_acknowledged_stops_before_the_key_is_worn_out()
    {
        var (client, _) = Pair(Short);
        for (var number = 0; number < 50; number++)
        {
            Seal(client);
        }

        Assert.False(client.TrySeal(new byte[40], 4, _now, out _, out _));
        Assert.Equal(SessionEnd.KeyExhausted, client.End);
    }

    [Fact]
    public void A_session_ends_before_a_number_comes_again()
    {
        var (client, server) = Pair(SessionLimits.Default with { Numbers = 5 });
        for (var number = 0; number < 5; number++)
        {
            Assert.Equal(OpenResult.Opened, Open(server, Seal(client)));
        }

        Assert.False(client.TrySeal(new byte[40], 4, _now, out _, out _));
        Assert.Equal(SessionEnd.NumbersExhausted, client.End);
    }

    private static (SealedSession Client, SealedSession Server) Pair(SessionLimits limits)
    {
        var meeting = new Meeting();
        meeting.ClientSetup = meeting.ClientSetup with { Session = limits };
        meeting.ServerSetup = meeting.ServerSetup with { Session = limits };
        var (client, server) = meeting.Establish();
        (client.ProbeTimeoutMicroseconds, server.ProbeTimeoutMicroseconds) = (ProbeTimeout, ProbeTimeout);
        server.Amplification.Lift();
        return (client, server);
    }

    private byte[] Seal(SealedSession session) => SessionTests.Sealed(session, 20, _now);

    private OpenResult Open(SealedSession session, byte[] datagram) => SessionTests.Open(session, datagram, _now);

    private long Updates(SealedSession session)
    {
        Seal(session);
        return session.KeyUpdates.Sending;
    }
}
