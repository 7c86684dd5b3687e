using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>A private key of P-256, ready to agree. Making one and agreeing each take a tenth of a millisecond or two. Not thread-safe.</summary>
internal sealed class P256Key : IDisposable
{
    private readonly ECDiffieHellman _pair;

    /// <param name="scalar">A <see cref="P256.IsScalar"/>; copied.</param>
    public P256Key(SecretBytes scalar)
    {
        _pair = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar.Array });
        var q = _pair.ExportParameters(includePrivateParameters: false).Q;
        PublicPoint = [P256.Uncompressed, .. q.X!, .. q.Y!];
    }

    /// <summary>65 bytes.</summary>
    public byte[] PublicPoint { get; }

    /// <summary>The x coordinate of private key · point, 32 bytes.</summary>
    /// <param name="peerPoint">Checked by <see cref="P256.IsPoint"/> before.</param>
    public void Agree(ReadOnlySpan<byte> peerPoint, Span<byte> agreed)
    {
        using var peer = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = peerPoint[1..^P256.ScalarBytes].ToArray(), Y = peerPoint[^P256.ScalarBytes..].ToArray() },
        });
        using var peerKey = peer.PublicKey;
        var secret = _pair.DeriveRawSecretAgreement(peerKey);
        secret.CopyTo(agreed);
        CryptographicOperations.ZeroMemory(secret);
    }

    public void Dispose() => _pair.Dispose();
}
