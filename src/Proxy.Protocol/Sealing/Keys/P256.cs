using System.Globalization;
using System.Numerics;

namespace Proxy.Protocol.Sealing.Keys;

/// <summary>
/// Keys of the curve P-256 (FIPS 186-4, D.1.2.3). Public keys are uncompressed points, 4 ‖ x ‖ y, 65 bytes; private keys are scalars of 32 bytes.
/// </summary>
public static class P256
{
    public const int PointBytes = 65;

    public const int ScalarBytes = 32;

    internal const byte Uncompressed = 4;

    private const int CoordinateBytes = 32;

    private static readonly BigInteger Prime = Parse("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger Order = Parse("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    private static readonly BigInteger B = Parse("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    /// <summary>
    /// Whether the bytes are a point of the curve. The curve has no small subgroups, so any such point is a good public key; another one
    /// could make an agreement tell about the scalar.
    /// </summary>
    public static bool IsPoint(ReadOnlySpan<byte> point)
    {
        if (point.Length != PointBytes || point[0] != Uncompressed)
        {
            return false;
        }

        var x = Read(point[1..^CoordinateBytes]);
        var y = Read(point[^CoordinateBytes..]);
        return x < Prime && y < Prime && ((BigInteger.Pow(x, 3) - (3 * x) + B - BigInteger.Pow(y, 2)) % Prime).IsZero;
    }

    public static bool IsScalar(ReadOnlySpan<byte> scalar) =>
        scalar.Length == ScalarBytes && Read(scalar) is { IsZero: false } value && value < Order;

    /// <summary>A new private key.</summary>
    public static SecretBytes DrawScalar(IRandomBytes random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var scalar = new SecretBytes(ScalarBytes);
        do
        {
            random.Fill(scalar.Span);
        }
        while (!IsScalar(scalar.Span));   // once in 2³² draws
        return scalar;
    }

    /// <summary>The public key of a private one; 65 bytes.</summary>
    public static byte[] PublicPoint(SecretBytes scalar)
    {
        ArgumentNullException.ThrowIfNull(scalar);
        using var key = new P256Key(scalar);
        return key.PublicPoint;
    }

    private static BigInteger Read(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static BigInteger Parse(string hex) => BigInteger.Parse("0" + hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
