using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Proxy.TestKit;
using Proxy.Tunnel.Native.Fec;

namespace Proxy.Tunnel.Tests.Native.Fec;

public sealed class GaloisFieldTests
{
    [Theory]
    [InlineData(2, 0x80, 0x1d)]
    [InlineData(3, 7, 9)]
    [InlineData(0x53, 0xca, 0x8f)]
    [InlineData(0xff, 0xff, 0xe2)]
    [InlineData(0, 0x77, 0)]
    public void Products_are_those_of_the_field_of_0x11d(byte left, byte right, byte product)
    {
        Assert.Equal(product, GaloisField.Multiply(left, right));
        Assert.Equal(product, GaloisField.Multiply(right, left));
    }

    [Fact]
    public void Every_value_but_0_has_an_inverse()
    {
        for (var value = 1; value < 256; value++)
        {
            Assert.Equal(1, GaloisField.Multiply((byte)value, GaloisField.Invert((byte)value)));
        }

        Assert.Equal(0, GaloisField.Invert(0));
    }

    [Fact]
    public void Multiplication_is_associative_and_distributes_over_addition() => Property.Check(2000, random =>
    {
        var (a, b, c) = ((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        Assert.Equal(GaloisField.Multiply(a, GaloisField.Multiply(b, c)), GaloisField.Multiply(GaloisField.Multiply(a, b), c));
        Assert.Equal(GaloisField.Multiply(a, (byte)(b ^ c)), (byte)(GaloisField.Multiply(a, b) ^ GaloisField.Multiply(a, c)));
    });

    [Fact]
    public void Every_width_computes_the_same_as_byte_after_byte() => Property.Check(500, random =>
    {
        var factor = (byte)random.Next(256);
        var source = Bytes.Random(random.Next(200), random.Next());
        var before = Bytes.Random(source.Length + random.Next(40), random.Next());
        var expected = before.ToArray();
        for (var index = 0; index < source.Length; index++)
        {
            expected[index] ^= GaloisField.Multiply(factor, source[index]);
        }

        AssertSame(GaloisField.MultiplyAdd);
        AssertSame(GaloisField.MultiplyAddBytes);
        AssertSame(GaloisField.MultiplyAdd128);
        if (Avx2.IsSupported)
        {
            AssertSame(GaloisField.MultiplyAdd256);
        }

        void AssertSame(MultiplyAdd multiplyAdd)
        {
            var destination = before.ToArray();
            multiplyAdd(factor, source, destination);
            Assert.Equal(expected, destination);
        }
    });

    [Fact]
    public void Scaling_multiplies_in_place()
    {
        var bytes = Bytes.Random(77);
        var expected = bytes.Select(value => GaloisField.Multiply(0x9c, value)).ToArray();
        GaloisField.Scale(0x9c, bytes);
        Assert.Equal(expected, bytes);
    }

    private delegate void MultiplyAdd(byte factor, ReadOnlySpan<byte> source, Span<byte> destination);
}
