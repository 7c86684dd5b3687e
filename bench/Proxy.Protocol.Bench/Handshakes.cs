using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;

namespace Proxy.Protocol.Bench;

/// <summary>A client and a server in one thread.</summary>
internal sealed class Handshakes : IDisposable
{
    private readonly SystemRandomBytes _random = new();
    private readonly byte[] _key = new byte[PresharedKey.Bytes];
    private readonly byte[] _hello = new byte[SealingLimits.HandshakeBytes];
    private readonly byte[] _answer = new byte[SealingLimits.HandshakeBytes];
    private readonly CipherChoice _choice;
    private readonly PresharedKey _clientKey;
    private readonly TunnelIds _ids;
    private readonly KeyRing _keys;
    private readonly Cookies _cookies;
    private readonly ServerHandshake _server;
    private PendingHello? _pending;

    public Handshakes(CipherChoice choice)
    {
        _choice = choice;
        _random.Fill(_key);
        _clientKey = new PresharedKey("client", _key);
        _ids = new TunnelIds(_key);
        _keys = new KeyRing([new PresharedKey("client", _key)]);
        _cookies = new Cookies(_random);
        var settings = new ServerHandshakeSettings
        {
            Keys = _keys,
            Cookies = _cookies,
            Replays = new HelloReplays(0),
            TunnelIds = _ids,
            Ciphers = choice,
            CookieAboveHellosPerSecond = 1_000_000,
        };
        _server = new ServerHandshake(settings, _random, 0);
    }

    public void Dispose()
    {
        _pending?.Dispose();
        _clientKey.Dispose();
        _ids.Dispose();
        _keys.Dispose();
        _cookies.Dispose();
    }

    /// <summary>Everything that is done for a hello before the agreement; for a stranger's, before the refusal.</summary>
    public HelloOutcome Judge(bool isForged)
    {
        _hello[^1] ^= (byte)(isForged ? 1 : 0);
        var outcome = _server.HandleHello(_hello, [127, 0, 0, 1, 0, 80], 0, DateTimeOffset.UnixEpoch, _answer, out _, out _pending);
        _hello[^1] ^= (byte)(isForged ? 1 : 0);
        return outcome;
    }

    public (SealedSession Client, SealedSession Server) Establish()
    {
        using var client = NewClient();
        client.TryGetDatagram(0, _hello, out _);
        Judge(isForged: false);
        _pending!.Agree();
        var atServer = _server.Complete(_pending, _ids.Draw(_random), HandshakeSettings.Empty, 0, out var reply)!.Session;
        _server.Release(atServer.Identity.OwnTunnelId);
        return (client.HandleDatagram(reply.Span, 0, DateTimeOffset.UnixEpoch)!.Session, atServer);
    }

    private ClientHandshake NewClient() =>
        new(new ClientHandshakeSettings { Key = _clientKey, TunnelId = 1, Ciphers = _choice }, _random, 0, DateTimeOffset.UnixEpoch);
}
