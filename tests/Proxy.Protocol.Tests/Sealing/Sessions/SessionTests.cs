using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Sessions;

public sealed class SessionTests
{
    private const long Now = 2_000_000;

    [Fact]
    public void A_datagram_is_36_bytes_longer_than_its_body_and_names_the_receivers_tunnel()
    {
        var (client, server) = new Meeting().Establish();
        var datagram = Sealed(client, 100);

        Assert.Equal(136, datagram.Length);
        Assert.Equal(100, SealedSession.MaximumBodyBytes(136));
        Assert.True(DatagramHeader.TryRead(datagram, out var header));
        Assert.Equal(new DatagramHeader(DatagramKind.Data, false, 136, server.Identity.OwnTunnelId, 0), header);
        Assert.Equal(1UL, client.NextNumber);
    }

    [Fact]
    public void An_empty_body_is_a_datagram_too()
    {
        var (client, server) = new Meeting().Establish();
        Assert.Equal(OpenResult.Opened, Open(server, Sealed(client, 0)));
    }

    [Fact]
    public void A_datagram_changed_in_any_byte_is_refused_and_its_number_stays_free()
    {
        var (client, server) = new Meeting().Establish();
        var datagram = Sealed(client, 60);
        for (var index = 0; index < datagram.Length; index++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var changed = datagram.ToArray();
                changed[index] ^= (byte)(1 << bit);
                Assert.Contains(Open(server, changed), new[] { OpenResult.Malformed, OpenResult.Forged });
            }
        }

        Assert.False(server.IsConfirmed);
        Assert.True(server.Forged > 0);
        Assert.Equal(OpenResult.Opened, Open(server, datagram));
    }

    [Fact]
    public void A_datagram_cut_or_lengthened_is_refused()
    {
        var (client, server) = new Meeting().Establish();
        var datagram = Sealed(client, 60);
        for (var length = 0; length < datagram.Length; length++)
        {
            Assert.Equal(OpenResult.Malformed, Open(server, datagram[..length]));
        }

        Assert.Equal(OpenResult.Malformed, Open(server, [.. datagram, 0]));
        Assert.Equal(OpenResult.Opened, Open(server, datagram));
    }

    [Fact]
    public void A_datagram_opens_once_in_whatever_order_they_come()
    {
        Property.Check(50, random =>
        {
            var (client, server) = new Meeting().Establish();
            var datagrams = Enumerable.Range(0, 200).Select(_ => Sealed(client, random.Next(40))).ToArray();
            var order = datagrams.Concat(datagrams).ToArray();
            random.Shuffle(order);
            var results = order.Select(datagram => Open(server, datagram)).ToArray();
            Assert.Equal(200, results.Count(result => result == OpenResult.Opened));
            Assert.Equal(200, results.Count(result => result == OpenResult.Replayed));
            Assert.Equal(200, server.Replayed);
        });
    }

    [Fact]
    public void A_number_older_than_the_window_is_refused_although_it_was_never_seen()
    {
        var (client, server) = new Meeting().Establish();
        var late = Sealed(client, 10);
        for (var number = 0; number < 8192; number++)
        {
            Assert.Equal(OpenResult.Opened, Open(server, Sealed(client, 10)));
        }

        Assert.Equal(OpenResult.Replayed, Open(server, late));
    }

    [Fact]
    public void What_one_end_sealed_does_not_open_at_that_end_or_in_another_tunnel()
    {
        var meeting = new Meeting();
        var (client, server) = meeting.Establish();
        var (_, other) = meeting.Establish();
        var datagram = Sealed(client, 10);

        Assert.Equal(OpenResult.Malformed, Open(client, datagram));
        new DatagramHeader(DatagramKind.Data, false, 46, Meeting.ClientTunnelId, 0).Write(datagram);
        Assert.Equal(OpenResult.Forged, Open(client, datagram));
        new DatagramHeader(DatagramKind.Data, false, 46, other.Identity.OwnTunnelId, 0).Write(datagram);
        Assert.Equal(OpenResult.Forged, Open(other, datagram));
        Assert.Equal(OpenResult.Malformed, Open(server, datagram));
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var (_, server) = new Meeting().Establish();
        Property.Check(5000, random =>
        {
            var datagram = new byte[random.Next(100)];
            random.NextBytes(datagram);
            Assert.NotEqual(OpenResult.Opened, Open(server, datagram));
            if (datagram.Length >= DatagramHeader.Bytes)
            {
                var (isOdd, number) = (random.Next(2) == 0, (ulong)random.NextInt64());
                new DatagramHeader(DatagramKind.Data, isOdd, datagram.Length, server.Identity.OwnTunnelId, number).Write(datagram);
                Assert.NotEqual(OpenResult.Opened, Open(server, datagram));
            }
        });
    }

    [Fact]
    public void Neither_sealing_nor_opening_allocates()
    {
        var (client, server) = new Meeting().Establish();
        var datagram = new byte[1400];
        Bounce(client, server, datagram, 2000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Bounce(client, server, datagram, 2000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, allocated);
        Assert.Equal(0, client.Forged + server.Forged + client.Replayed + server.Replayed);
    }

    [Fact]
    public void Refusing_a_forged_datagram_allocates_nothing_where_libcrypto_is()
    {
        Assert.SkipWhen(Proxy.Protocol.Sealing.Ciphers.EvpLibrary.Instance is null, "There is no libcrypto.so.3 or .so.1.1 here.");
        var (client, server) = new Meeting().Establish();
        var datagram = Sealed(client, 1000);
        datagram[^1] ^= 1;
        Refuse(server, datagram, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refuse(server, datagram, 1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(2000, server.Forged);
    }

    [Fact]
    public void Until_the_client_proved_its_address_the_server_sends_at_most_three_times_what_came()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var hello = meeting.Hello(client);
        var sent = meeting.Answer(hello).Length;
        var session = meeting.AtServer!.Session;
        sent += SealAll(session);
        Assert.InRange(sent, 3600 - 136, 3600);

        sent += meeting.Answer(hello).Length + SealAll(session);
        Assert.InRange(sent, 7200 - 136, 7200);

        var atClient = client.HandleDatagram(meeting.Answer(hello), meeting.Now, meeting.UtcNow)!.Session;
        Assert.Equal(OpenResult.Opened, Open(session, Sealed(atClient, 10)));
        Assert.True(session.CanSeal(1_000_000));
        for (var datagram = 0; datagram < 1000; datagram++)
        {
            Sealed(session, 1000);
        }
    }

    [Fact]
    public void A_disposed_session_refuses_to_work()
    {
        var (client, _) = new Meeting().Establish();
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Sealed(client, 10));
        Assert.Throws<ObjectDisposedException>(() => Open(client, new byte[100]));
    }

    internal static byte[] Sealed(SealedSession session, int bodyBytes, long now = Now)
    {
        var datagram = new byte[bodyBytes + 36];
        Assert.True(session.TrySeal(datagram, bodyBytes, now, out var length, out _), $"{session.End}");
        Assert.Equal(datagram.Length, length);
        return datagram;
    }

    /// <summary>Of a copy: a refused datagram is wiped.</summary>
    internal static OpenResult Open(SealedSession session, byte[] datagram, long now = Now) => session.Open(datagram.ToArray(), now, out _, out _);

    private static int SealAll(SealedSession session)
    {
        var bytes = 0;
        while (session.TrySeal(new byte[136], 100, Now, out var length, out _))
        {
            bytes += length;
            Assert.True(bytes < 100_000);
        }

        Assert.False(session.CanSeal(136));

        return bytes;
    }

    private static void Bounce(SealedSession client, SealedSession server, byte[] datagram, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            client.TrySeal(datagram, 1300, Now, out var length, out var number);
            server.Open(datagram.AsSpan(0, length), Now, out var body, out _);
            client.HandleAcknowledged(number, Now);
            server.TrySeal(datagram, body.End.Value - body.Start.Value, Now, out length, out _);
            client.Open(datagram.AsSpan(0, length), Now, out _, out _);
        }
    }

    private static void Refuse(SealedSession session, byte[] datagram, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            session.Open(datagram, Now, out _, out _);
        }
    }
}
