using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Sealing.Handshakes;

/// <summary>
/// A hello that passed every cheap test. What is left is <see cref="Agree"/>, half a millisecond of arithmetic that may run on any thread,
/// and then <see cref="ServerHandshake.Complete"/> back on the listener's.
/// </summary>
public sealed class PendingHello : IDisposable
{
    private readonly PresharedKey _psk;
    private readonly SecretBytes? _serverKey;
    private readonly byte[] _clientEphemeral;
    private readonly SecretBytes _scalar;
    private SecretBytes? _agreed;

    internal PendingHello(byte[] hello, PresharedKey psk, SecretBytes? serverKey, HelloBody body, CipherKind cipher, IRandomBytes random)
    {
        Hello = hello;
        _psk = psk;
        _serverKey = body.WantsServerKey ? serverKey : null;
        _ = HelloMessage.TryRead(hello, out var message);
        ClientTunnelId = message.TunnelId;
        _clientEphemeral = message.Ephemeral.ToArray();
        Cipher = cipher;
        PeerSettings = body.Settings;
        _scalar = P256.DrawScalar(random);
        Random = new byte[HandshakeSeal.RandomBytes];
        random.Fill(Random);
    }

    /// <summary>Whose key it was sealed with.</summary>
    public string Principal => _psk.Name;

    /// <summary>What the client says about itself.</summary>
    public HandshakeSettings PeerSettings { get; }

    public ulong ClientTunnelId { get; }

    /// <summary>Whether <see cref="Agree"/> has run.</summary>
    public bool IsAgreed => _agreed is not null;

    internal byte[] Hello { get; }

    internal UInt128 Hash { get; init; }

    internal CipherKind Cipher { get; }

    internal PresharedKey Psk => _psk;

    internal byte[] Random { get; }

    internal byte[] ServerEphemeral { get; private set; } = [];

    internal ReadOnlySpan<byte> Agreed => (_agreed ?? throw new InvalidOperationException("The agreement has not been done.")).Span;

    /// <summary>Once, on any thread.</summary>
    public void Agree()
    {
        using var ephemeral = new P256Key(_scalar);
        ServerEphemeral = ephemeral.PublicPoint;
        var agreed = new SecretBytes(P256.ScalarBytes * (_serverKey is null ? 1 : 2));
        ephemeral.Agree(_clientEphemeral, agreed.Span[..P256.ScalarBytes]);
        if (_serverKey is not null)
        {
            using var serverKey = new P256Key(_serverKey);
            serverKey.Agree(_clientEphemeral, agreed.Span[P256.ScalarBytes..]);
        }

        _scalar.Dispose();
        _agreed = agreed;
    }

    /// <summary>Wipes what was agreed. <see cref="ServerHandshake.Complete"/> does it, too.</summary>
    public void Dispose()
    {
        _scalar.Dispose();
        _agreed?.Dispose();
    }
}
