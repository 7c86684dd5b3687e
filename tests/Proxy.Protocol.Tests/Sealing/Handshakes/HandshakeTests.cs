using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

public sealed class HandshakeTests
{
    [Fact]
    public void One_round_trip_gives_both_ends_the_same_tunnel()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();

        var tunnel = client.HandleDatagram(meeting.Answer(meeting.Hello(client)), meeting.Now, meeting.UtcNow);

        Assert.NotNull(tunnel);
        var atServer = meeting.AtServer!;
        Assert.Equal(ClientHandshakeState.Done, client.State);
        Assert.Equal(Meeting.ClientSettings.Values, atServer.PeerSettings.Values);
        Assert.Equal(Meeting.ServerSettings.Values, tunnel.PeerSettings.Values);
        Assert.Equal(("home", "alice"), (tunnel.Session.Identity.Principal, atServer.Session.Identity.Principal));
        Assert.Equal(Meeting.ClientTunnelId, atServer.Session.Identity.PeerTunnelId);
        Assert.Equal(tunnel.Session.Identity.PeerTunnelId, atServer.Session.Identity.OwnTunnelId);
        Assert.True(meeting.ServerSetup.TunnelIds.IsOurs(atServer.Session.Identity.OwnTunnelId));
        Exchange(tunnel.Session, atServer.Session);
        Exchange(atServer.Session, tunnel.Session);
        Assert.True(atServer.Session.IsConfirmed);
    }

    [Theory]
    [InlineData(false, false, CipherKind.Aes256Gcm)]
    [InlineData(true, false, CipherKind.ChaCha20Poly1305)]
    [InlineData(false, true, CipherKind.ChaCha20Poly1305)]
    [InlineData(true, true, CipherKind.ChaCha20Poly1305)]
    public void ChaCha_is_agreed_on_as_soon_as_one_end_has_no_AES_hardware(bool isClientSlow, bool isServerSlow, CipherKind expected)
    {
        var meeting = new Meeting();
        meeting.ClientSetup = meeting.ClientSetup with { Ciphers = isClientSlow ? CipherChoice.WithoutAesHardware : CipherChoice.Managed };
        meeting.ServerSetup = meeting.ServerSetup with { Ciphers = isServerSlow ? CipherChoice.WithoutAesHardware : CipherChoice.Best };

        var (client, server) = meeting.Establish();

        Assert.Equal((expected, expected), (client.Identity.Cipher, server.Identity.Cipher));
        Exchange(client, server);
        Exchange(server, client);
    }

    [Fact]
    public void Each_key_is_a_principal_of_its_own()
    {
        var meeting = new Meeting();
        meeting.ClientSetup = meeting.ClientSetup with { Key = new PresharedKey("home", new byte[32]) };

        Assert.Equal("bob", meeting.Establish().Server.Identity.Principal);
    }

    [Fact]
    public void Two_keys_that_are_the_same_are_refused_at_start()
    {
        Assert.Throws<ArgumentException>(() => new KeyRing([new PresharedKey("a", Meeting.Psk), new PresharedKey("b", Meeting.Psk)]));
    }

    [Fact]
    public void A_wrong_key_meets_silence()
    {
        var meeting = new Meeting();
        meeting.ClientSetup = meeting.ClientSetup with { Key = new PresharedKey("home", Enumerable.Repeat((byte)9, 32).ToArray()) };
        var client = meeting.NewClient();

        Assert.Empty(meeting.Answer(meeting.Hello(client)));
        Assert.Equal((HelloOutcome.UnknownKey, 0), (meeting.Outcome, meeting.Server.HalfOpen));
    }

    [Fact]
    public void A_hello_is_repeated_byte_by_byte_until_the_time_is_up()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var first = meeting.Hello(client);
        while (client.State == ClientHandshakeState.Waiting)
        {
            Assert.InRange(client.DeadlineMicroseconds, meeting.Now + 1, meeting.Now + 5_000_000);
            meeting.Now = client.DeadlineMicroseconds;
            var hello = new byte[SealingLimits.HandshakeBytes];
            Assert.True(!client.TryGetDatagram(meeting.Now, hello, out _) || hello.AsSpan().SequenceEqual(first));
        }

        Assert.Equal((ClientHandshakeState.Failed, 4), (client.State, client.HellosSent));
        Assert.Equal(long.MaxValue, client.DeadlineMicroseconds);
        Assert.Equal(6_000_000, meeting.Now);
    }

    [Fact]
    public void A_lost_reply_comes_again_byte_by_byte_and_makes_no_second_tunnel()
    {
        var meeting = new Meeting();
        var client = meeting.NewClient();
        var hello = meeting.Hello(client);
        var reply = meeting.Answer(hello);
        var server = meeting.AtServer;

        var again = meeting.Answer(hello);

        Assert.Equal(reply, again);
        Assert.Equal((HelloOutcome.Repeated, 1), (meeting.Outcome, meeting.Server.HalfOpen));
        Exchange(client.HandleDatagram(again, meeting.Now, meeting.UtcNow)!.Session, server!.Session);
    }

    [Fact]
    public void While_the_agreement_is_computed_elsewhere_a_repetition_is_not_answered()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        var answer = new byte[SealingLimits.HandshakeBytes];
        meeting.Server.HandleHello(hello, Meeting.Address, meeting.Now, meeting.UtcNow, answer, out _, out var pending);

        Assert.Empty(meeting.Answer(hello));
        pending!.Agree();
        Assert.NotNull(meeting.Server.Complete(pending, 5, HandshakeSettings.Empty, meeting.Now, out var reply));
        Assert.Equal(reply.ToArray(), meeting.Answer(hello));
    }

    [Fact]
    public void An_agreement_that_comes_after_the_half_open_time_makes_nothing()
    {
        var meeting = new Meeting();
        var hello = meeting.Hello(meeting.NewClient());
        meeting.Server.HandleHello(hello, Meeting.Address, meeting.Now, meeting.UtcNow, new byte[1200], out _, out var pending);
        pending!.Agree();
        meeting.Pass(TimeSpan.FromSeconds(5));

        Assert.Null(meeting.Server.Complete(pending, 5, HandshakeSettings.Empty, meeting.Now, out _));
        Assert.Equal(0, meeting.Server.HalfOpen);
    }

    [Fact]
    public void A_tunnel_is_half_open_until_it_is_released_or_its_time_is_up()
    {
        var meeting = new Meeting();
        var (_, first) = meeting.Establish();
        meeting.Establish();
        Assert.Equal(2, meeting.Server.HalfOpen);
        meeting.Server.Release(first.Identity.OwnTunnelId);
        meeting.Server.Release(first.Identity.OwnTunnelId);
        Assert.Equal(1, meeting.Server.HalfOpen);
        meeting.Pass(TimeSpan.FromSeconds(5));
        meeting.Answer([]);
        Assert.Equal(0, meeting.Server.HalfOpen);
    }

    [Fact]
    public void A_stale_or_strange_reply_has_no_effect_and_the_right_one_still_counts()
    {
        var meeting = new Meeting();
        var (client, other) = (meeting.NewClient(), meeting.NewClient());
        var reply = meeting.Answer(meeting.Hello(client));
        var foreign = meeting.Answer(meeting.Hello(other));

        Assert.Null(client.HandleDatagram(foreign, meeting.Now, meeting.UtcNow));
        Assert.Null(client.HandleDatagram([], meeting.Now, meeting.UtcNow));
        Assert.Null(client.HandleDatagram(new byte[1200], meeting.Now, meeting.UtcNow));
        Assert.Equal(2, client.Refused);
        Assert.NotNull(client.HandleDatagram(reply, meeting.Now, meeting.UtcNow));
        Assert.Null(client.HandleDatagram(reply, meeting.Now, meeting.UtcNow));
    }

    [Fact]
    public void Nothing_in_common_is_silence()
    {
        var meeting = new Meeting();
        using var serverKey = P256.DrawScalar(new SeededBytes(new Random(3)));
        meeting.ClientSetup = meeting.ClientSetup with { ServerKey = P256.PublicPoint(serverKey) };
        Assert.Empty(meeting.Answer(meeting.Hello(meeting.NewClient())));
        Assert.Equal(HelloOutcome.NothingInCommon, meeting.Outcome);
    }

    internal static void Exchange(SealedSession from, SealedSession to)
    {
        var datagram = new byte[200];
        "hello"u8.CopyTo(datagram.AsSpan(SealedSession.HeaderBytes));
        Assert.True(from.TrySeal(datagram, 5, 2_000_000, out var length, out var sent));
        Assert.Equal(OpenResult.Opened, to.Open(datagram.AsSpan(0, length), 2_000_000, out var body, out var number));
        Assert.Equal("hello"u8, datagram.AsSpan(0, length)[body]);
        Assert.Equal(sent, number);
    }
}
