using System.Diagnostics.CodeAnalysis;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Tests.Sealing.Handshakes;

/// <summary>One client and one server with the same key, unless a test says otherwise; time stands still until it is moved.</summary>
internal sealed class Meeting
{
    public const ulong ClientTunnelId = 0x1122_3344_5566_7788;

    public static readonly byte[] Psk = [.. Enumerable.Range(0, 32).Select(value => (byte)value)];
    public static readonly byte[] Address = [127, 0, 0, 1, 0x12, 0x34];
    public static readonly HandshakeSettings ClientSettings = HandshakeSettings.Empty.With(1, 8).With(2, 16_384);
    public static readonly HandshakeSettings ServerSettings = HandshakeSettings.Empty.With(1, 4);

    private readonly IRandomBytes _serverRandom;
    private readonly byte[] _answer = new byte[SealingLimits.HandshakeBytes];

    public Meeting(IRandomBytes? clientRandom = null, IRandomBytes? serverRandom = null)
    {
        ClientRandom = clientRandom ?? new SeededBytes(new Random(1));
        _serverRandom = serverRandom ?? new SeededBytes(new Random(2));
        ServerSetup = new ServerHandshakeSettings
        {
            Keys = new KeyRing([new PresharedKey("bob", new byte[32]), new PresharedKey("alice", Psk)]),
            Cookies = new Cookies(_serverRandom),
            Replays = new HelloReplays(UtcNow.ToUnixTimeMilliseconds()),
            TunnelIds = new TunnelIds(Enumerable.Repeat((byte)0x77, 32).ToArray()),
        };
        ClientSetup = new ClientHandshakeSettings { Key = new PresharedKey("home", Psk), TunnelId = ClientTunnelId, Settings = ClientSettings };
    }

    public IRandomBytes ClientRandom { get; }

    public ServerHandshakeSettings ServerSetup { get; set; }

    public ClientHandshakeSettings ClientSetup { get; set; }

    public long Now { get; set; } = 1_000_000;

    public DateTimeOffset UtcNow { get; set; } = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>The server's clock minus the client's.</summary>
    public TimeSpan ServerAhead { get; set; }

    [field: AllowNull]
    public ServerHandshake Server => field ??= new ServerHandshake(ServerSetup, _serverRandom, Now);

    public EstablishedTunnel? AtServer { get; private set; }

    public HelloOutcome Outcome { get; private set; }

    public ClientHandshake NewClient() => new(ClientSetup, ClientRandom, Now, UtcNow);

    public byte[] Hello(ClientHandshake client)
    {
        var hello = new byte[SealingLimits.HandshakeBytes];
        Assert.True(client.TryGetDatagram(Now, hello, out var length));
        return hello[..length];
    }

    /// <summary>What the server answers; empty for silence.</summary>
    public byte[] Answer(byte[] datagram, byte[]? address = null)
    {
        Outcome = Server.HandleHello(datagram, address ?? Address, Now, UtcNow + ServerAhead, _answer, out var length, out var pending);
        if (pending is null)
        {
            Assert.NotEqual(HelloOutcome.NeedsAgreement, Outcome);
            return _answer[..length];
        }

        Assert.Equal((HelloOutcome.NeedsAgreement, 0), (Outcome, length));
        pending.Agree();
        AtServer = Server.Complete(pending, ServerSetup.TunnelIds.Draw(_serverRandom), ServerSettings, Now, out var reply);
        return reply.ToArray();
    }

    /// <summary>Both ends of a new tunnel.</summary>
    public (SealedSession Client, SealedSession Server) Establish()
    {
        var client = NewClient();
        var answer = Answer(Hello(client));
        var tunnel = client.HandleDatagram(answer, Now, UtcNow);
        Assert.NotNull(tunnel);
        return (tunnel.Session, AtServer!.Session);
    }

    public void Pass(TimeSpan time)
    {
        Now += time.Ticks / TimeSpan.TicksPerMicrosecond;
        UtcNow += time;
    }
}
