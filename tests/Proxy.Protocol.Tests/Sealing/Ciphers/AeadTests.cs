using Proxy.Protocol.Sealing.Ciphers;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing.Ciphers;

public sealed class AeadTests
{
    public static TheoryData<string, CipherKind> All => new()
    {
        { "best", CipherKind.Aes256Gcm },
        { "managed", CipherKind.Aes256Gcm },
        { "best", CipherKind.ChaCha20Poly1305 },
    };

    [Fact]
    public void Libcrypto_is_bound_wherever_Linux_has_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && EvpLibrary.Instance is not null, "There is no libcrypto.so.3 or .so.1.1 here.");
        Assert.StartsWith("aes-256-gcm by libcrypto.so.", CipherChoice.Best.NameOf(CipherKind.Aes256Gcm));
        Assert.Equal("aes-256-gcm by .NET", CipherChoice.Managed.NameOf(CipherKind.Aes256Gcm));
    }

    [Fact]
    public void Libcrypto_and_the_framework_seal_to_the_same_bytes_and_open_each_others()
    {
        Assert.SkipWhen(EvpLibrary.Instance is null, "There is no libcrypto.so.3 or .so.1.1 here.");
        var lengths = new HashSet<int>();
        Property.Check(4000, random =>
        {
            var (key, nonce, associated) = (Some(random, 32), Some(random, 12), Some(random, random.Next(3) * 20));
            var plain = Some(random, random.Next(4) == 0 ? random.Next(65) : random.Next(1500));
            lengths.Add(plain.Length);
            using var ours = CipherChoice.Best.Create(CipherKind.Aes256Gcm, key);
            using var theirs = CipherChoice.Managed.Create(CipherKind.Aes256Gcm, key);
            var (oursText, oursTag, theirsText, theirsTag) = (plain.ToArray(), new byte[16], plain.ToArray(), new byte[16]);
            for (var use = 0; use < 2; use++)
            {
                nonce[11] = (byte)use;
                ours.Seal(nonce, associated, oursText, oursTag);
                theirs.Seal(nonce, associated, theirsText, theirsTag);
                Assert.Equal(theirsText, oursText);
                Assert.Equal(theirsTag, oursTag);
            }

            using var opener = CipherChoice.Best.Create(CipherKind.Aes256Gcm, key);
            using var theirOpener = CipherChoice.Managed.Create(CipherKind.Aes256Gcm, key);
            Assert.True(opener.TryOpen(nonce, associated, theirsText, theirsTag));
            Assert.True(theirOpener.TryOpen(nonce, associated, oursText, oursTag));
            Assert.Equal(theirsText, oursText);
        });
        Assert.Contains(lengths, length => length < 16);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_changed_bit_anywhere_is_refused_and_the_text_is_wiped(string choice, CipherKind kind)
    {
        var random = new Random(1);
        var (key, nonce, associated, text, tag) = (Some(random, 32), Some(random, 12), Some(random, 20), Some(random, 40), new byte[16]);
        var plain = text.ToArray();
        using var sealing = Choice(choice).Create(kind, key);
        sealing.Seal(nonce, associated, text, tag);
        using var opening = Choice(choice).Create(kind, key);
        byte[][] parts = [nonce, associated, text, tag];
        for (var part = 0; part < parts.Length; part++)
        {
            for (var bit = 0; bit < parts[part].Length * 8; bit++)
            {
                var changed = parts.Select(bytes => bytes.ToArray()).ToArray();
                changed[part][bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(opening.TryOpen(changed[0], changed[1], changed[2], changed[3]));
                Assert.Equal(new byte[40], changed[2]);
            }
        }

        Assert.True(opening.TryOpen(nonce, associated, text, tag));
        Assert.Equal(plain, text);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_empty_text_is_sealed_and_opened_too(string choice, CipherKind kind)
    {
        using var sealing = Choice(choice).Create(kind, new byte[32]);
        using var opening = Choice(choice).Create(kind, new byte[32]);
        var tag = new byte[16];
        sealing.Seal(new byte[12], [1, 2, 3], [], tag);
        Assert.False(opening.TryOpen(new byte[12], [1, 2, 4], [], tag));
        Assert.True(opening.TryOpen(new byte[12], [1, 2, 3], [], tag));
    }

    [Fact]
    public void ChaCha_computes_the_vector_of_its_RFC()
    {
        // RFC 8439, 2.8.2.
        var key = Enumerable.Range(0x80, 32).Select(value => (byte)value).ToArray();
        var text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."u8.ToArray();
        var tag = new byte[16];
        using var cipher = CipherChoice.Best.Create(CipherKind.ChaCha20Poly1305, key);
        cipher.Seal(Bytes.FromHex("070000004041424344454647"), Bytes.FromHex("50515253c0c1c2c3c4c5c6c7"), text, tag);
        Assert.Equal(Bytes.FromHex("1ae10b594f09e26a7e902ecbd0600691"), tag);
        Assert.Equal(Bytes.FromHex("d31a8d34648e60db7b86afbc53ef7ec2"), text[..16]);
    }

    [Fact]
    public void Without_AES_hardware_ChaCha_is_offered_first_and_chosen()
    {
        Assert.Equal(CipherKind.ChaCha20Poly1305, CipherChoice.WithoutAesHardware.Preferred[0]);
        Assert.Equal(CipherKind.ChaCha20Poly1305, CipherChoice.WithoutAesHardware.Agree([CipherKind.Aes256Gcm, CipherKind.ChaCha20Poly1305]));
        Assert.Equal(CipherKind.Aes256Gcm, CipherChoice.WithoutAesHardware.Agree([CipherKind.Aes256Gcm]));
        Assert.Equal(CipherKind.ChaCha20Poly1305, CipherChoice.Best.Agree([CipherKind.ChaCha20Poly1305, CipherKind.Aes256Gcm]));
        Assert.Equal(CipherKind.None, CipherChoice.Best.Agree([(CipherKind)77]));
        Assert.Equal(CipherKind.ChaCha20Poly1305, CipherChoice.Best.Agree([(CipherKind)77, CipherKind.ChaCha20Poly1305]));
    }

    [Fact]
    public void A_disposed_cipher_refuses_to_work()
    {
        var cipher = CipherChoice.Best.Create(CipherKind.Aes256Gcm, new byte[32]);
        cipher.Dispose();
        cipher.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cipher.Seal(new byte[12], [], [], new byte[16]));
    }

    private static CipherChoice Choice(string name) => name == "best" ? CipherChoice.Best : CipherChoice.Managed;

    private static byte[] Some(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
