using System.Text;
using Proxy.Protocol.Sealing.Keys;

namespace Proxy.Protocol.Tests.Sealing.Keys;

public sealed class KeyTextTests
{
    private static readonly string Good = Convert.ToBase64String([.. Enumerable.Range(0, 32).Select(value => (byte)value)]);

    [Theory]
    [InlineData("", "")]
    [InlineData("", "\n")]
    [InlineData(" \t", "\r\n\n")]
    public void A_key_is_32_bytes_of_base64_with_blanks_around_it(string before, string after)
    {
        Assert.True(KeyText.TryRead(Encoding.UTF8.GetBytes(before + Good + after), out var key, out _));
        Assert.Equal(Enumerable.Range(0, 32).Select(value => (byte)value), key.Span.ToArray());
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n\n", "is empty")]
    [InlineData("not a key!", "is not base64")]
    [InlineData("AAAA", "has 3 bytes, and a key has 32")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "has 36 bytes, and a key has 32")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "is not base64")]
    public void Anything_else_is_refused_with_a_reason(string text, string expected)
    {
        Assert.False(KeyText.TryRead(Encoding.UTF8.GetBytes(text), out var key, out var problem));
        Assert.Equal((null, expected), (key, problem));
    }

    [Fact]
    public void A_long_text_is_refused_whatever_it_is()
    {
        Assert.False(KeyText.TryRead(Encoding.UTF8.GetBytes(new string('A', 300)), out _, out var problem));
        Assert.Equal("is too long for a key", problem);
    }

    [Fact]
    public void A_keys_text_never_shows_the_key()
    {
        using var key = new PresharedKey("alice", new byte[32]);
        Assert.Equal("alice", $"{key}");
        Assert.Throws<ArgumentException>(() => new PresharedKey("bad name", new byte[32]));
        Assert.Throws<ArgumentException>(() => new PresharedKey("short", new byte[31]));
    }

    [Fact]
    public void Disposing_wipes()
    {
        var secret = new SecretBytes([1, 2, 3]);
        secret.Dispose();
        Assert.Equal([0, 0, 0], secret.Span.ToArray());
    }
}
