using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Resets;

namespace Proxy.Actors;

/// <summary>What the sealed listeners of one node share, so that a cookie, a hello or an id of one is known to all. Thread-safe; owns it.</summary>
internal sealed class SealedSecrets : IDisposable
{
    private readonly Cookies _cookies;
    private readonly TunnelIds _ids;
    private volatile ServerHandshakeSettings _handshake;

    public SealedSecrets(NativeServerSettings settings, IRandomBytes random, byte generation, DateTimeOffset utcNow)
    {
        _cookies = new Cookies(random);
        using var drawn = new SecretBytes(TunnelIds.SecretBytesLength);
        random.Fill(drawn.Span);
        _ids = new TunnelIds(settings.ResetSecret is { } kept ? kept.Span : drawn.Span, generation);
        _handshake = new ServerHandshakeSettings
        {
            Keys = settings.Keys,
            Cookies = _cookies,
            Replays = new HelloReplays(utcNow.ToUnixTimeMilliseconds()),
            TunnelIds = _ids,
            ServerKey = settings.ServerKey,
            Session = settings.Session,
        };
    }

    public ServerHandshakeSettings Handshake => _handshake;

    /// <summary>Other keys from now on; cookies, ids and what was said before stay.</summary>
    public void Change(NativeServerSettings settings) => _handshake = _handshake with { Keys = settings.Keys, ServerKey = settings.ServerKey };

    public void Dispose()
    {
        _cookies.Dispose();
        _ids.Dispose();
    }
}
