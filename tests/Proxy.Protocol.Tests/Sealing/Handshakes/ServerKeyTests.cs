using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

public sealed class ServerKeyTests
{
    private readonly SecretBytes _serverKey = P256.DrawScalar(new SeededBytes(new Random(30)));

    [Fact]
    public void A_client_that_pins_the_servers_key_meets_that_server()
    {
        var meeting = new Meeting();
        meeting.ServerSetup = meeting.ServerSetup with { ServerKey = _serverKey };
        meeting.ClientSetup = meeting.ClientSetup with { ServerKey = P256.PublicPoint(_serverKey) };

        var (client, server) = meeting.Establish();

        HandshakeTests.Exchange(client, server);
        HandshakeTests.Exchange(server, client);
    }

    [Fact]
    public void A_client_that_pins_nothing_may_come_all_the_same()
    {
        var meeting = new Meeting();
        meeting.ServerSetup = meeting.ServerSetup with { ServerKey = _serverKey };
        meeting.Establish();
    }

    [Fact]
    public void Who_only_has_the_pre_shared_key_can_not_play_the_server()
    {
        using var impostorKey = P256.DrawScalar(new SeededBytes(new Random(31)));
        var impostor = new Meeting();
        impostor.ServerSetup = impostor.ServerSetup with { ServerKey = impostorKey };
        impostor.ClientSetup = impostor.ClientSetup with { ServerKey = P256.PublicPoint(_serverKey) };
        var client = impostor.NewClient();

        var reply = impostor.Answer(impostor.Hello(client));

        Assert.NotEmpty(reply);
        Assert.Null(client.HandleDatagram(reply, impostor.Now, impostor.UtcNow));
        Assert.Equal((1, ClientHandshakeState.Waiting), (client.Refused, client.State));
    }

    [Fact]
    public void Without_a_pinned_key_who_has_the_pre_shared_key_can_play_the_server_which_the_documentation_says()
    {
        using var impostorKey = P256.DrawScalar(new SeededBytes(new Random(31)));
        var impostor = new Meeting();
        impostor.ServerSetup = impostor.ServerSetup with { ServerKey = impostorKey };
        impostor.Establish();
    }

    [Fact]
    public void What_is_no_key_is_refused_at_start()
    {
        var meeting = new Meeting();
        meeting.ServerSetup = meeting.ServerSetup with { ServerKey = new SecretBytes(32) };
        meeting.ClientSetup = meeting.ClientSetup with { ServerKey = new byte[65] };
        Assert.Throws<ArgumentException>(() => meeting.Server);
        Assert.Throws<ArgumentException>(() => meeting.NewClient());
    }
}
