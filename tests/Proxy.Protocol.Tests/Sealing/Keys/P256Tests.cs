using System.Security.Cryptography;
using Proxy.Protocol.Sealing.Keys;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Keys;

public sealed class P256Tests
{
    private static readonly byte[] Base = Bytes.FromHex(
        "04 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296 4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5");

    [Fact]
    public void The_base_point_is_a_point_and_one_times_it_is_it()
    {
        using var one = new SecretBytes(Bytes.FromHex(new string('0', 63) + "1"));
        Assert.True(P256.IsPoint(Base));
        Assert.Equal(Base, P256.PublicPoint(one));
    }

    [Fact]
    public void Both_ends_agree_as_the_published_vector_says()
    {
        // RFC 5903, 8.1.
        using var ours = new SecretBytes(Bytes.FromHex("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"));
        using var theirs = new SecretBytes(Bytes.FromHex("C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53"));
        var expected = Bytes.FromHex("D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE");
        var agreed = new byte[32];
        using var ourKey = new P256Key(ours);
        using var theirKey = new P256Key(theirs);
        ourKey.Agree(theirKey.PublicPoint, agreed);
        Assert.Equal(expected, agreed);
        theirKey.Agree(ourKey.PublicPoint, agreed);
        Assert.Equal(expected, agreed);
    }

    [Fact]
    public void What_the_framework_makes_is_a_point_and_with_a_changed_bit_it_is_none()
    {
        Property.Check(100, random =>
        {
            using var pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
            var q = pair.ExportParameters(false).Q;
            byte[] point = [4, .. q.X!, .. q.Y!];
            Assert.True(P256.IsPoint(point));
            point[random.Next(1, 65)] ^= (byte)(1 << random.Next(8));
            Assert.False(P256.IsPoint(point));
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("04")]
    [InlineData("00")]
    [InlineData("02 6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296")]
    public void Other_forms_are_no_points(string hex)
    {
        Assert.False(P256.IsPoint(Bytes.FromHex(hex)));
    }

    [Fact]
    public void Coordinates_beyond_the_field_and_zero_are_no_points()
    {
        Assert.False(P256.IsPoint(new byte[65]));
        Assert.False(P256.IsPoint([4, .. new byte[64]]));
        Assert.False(P256.IsPoint([4, .. Enumerable.Repeat((byte)0xFF, 64)]));

        // (0, √b) is on the curve; (p, √b) is the same modulo p, and must not pass for it.
        var root = Bytes.FromHex("66485C780E2F83D72433BD5D84A06BB6541C2AF31DAE871728BF856A174F93F4");
        var prime = Bytes.FromHex("FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
        Assert.True(P256.IsPoint([4, .. new byte[32], .. root]));
        Assert.False(P256.IsPoint([4, .. prime, .. root]));
    }

    [Fact]
    public void Zero_and_the_order_are_no_private_keys()
    {
        Assert.False(P256.IsScalar(new byte[32]));
        Assert.False(P256.IsScalar(Bytes.FromHex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")));
        Assert.True(P256.IsScalar(Bytes.FromHex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550")));
        Assert.False(P256.IsScalar(new byte[31]));
    }
}
