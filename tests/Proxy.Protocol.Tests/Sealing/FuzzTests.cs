using System.Buffers.Binary;
using Proxy.Protocol.Sealing;
using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Datagrams;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.Protocol.Tests.Sealing.Sessions;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Sealing;

/// <summary>
/// Mutations of a corpus of right messages and of their plain bodies, against every decoder: from outside, and sealed with the right key, as
/// only a wicked holder of it could. Nothing may throw, hang, or be answered beyond the rules.
/// </summary>
public sealed class FuzzTests
{
    private const int Runs = 20_000;

    [Fact]
    public void A_header_is_read_only_as_it_would_be_written()
    {
        var read = 0;
        Property.Check(Runs, random =>
        {
            var datagram = Mutated(random);
            if (DatagramHeader.TryRead(datagram, out var header))
            {
                read++;
                var written = new byte[DatagramHeader.Bytes];
                header.Write(written);
                Assert.Equal(datagram[..DatagramHeader.Bytes], written);
                Assert.Equal(datagram.Length, header.LengthBytes);
            }
        });
        Assert.True(read > 0, "No mutation was a header.");
    }

    [Fact]
    public void The_plain_bodies_of_the_handshake_are_read_only_as_they_would_be_written()
    {
        var (hellos, replies) = (0, 0);
        Property.Check(Runs, random =>
        {
            var plain = Mutator.Mutate(random, HexFiles.Corpus);
            if (HelloBody.TryRead(plain, out var hello))
            {
                hellos++;
                var written = new byte[hello.LengthBytes];
                Assert.Equal(written.Length, hello.Write(written));
                Assert.Equal(plain[..written.Length], written);
            }

            if (ReplyBody.TryRead(plain, out var reply))
            {
                replies++;
                var written = new byte[1200];
                var length = reply.Write(written);
                Assert.Equal(plain[..length], written[..length]);
            }
        });
        Assert.True(hellos > 0 && replies > 0, "No mutation was a body.");
    }

    [Fact]
    public void A_server_answers_no_mutation_from_a_stranger()
    {
        var meeting = new Meeting(new CountingBytes(0x10), new CountingBytes(0x80));
        Property.Check(Runs, random =>
        {
            var datagram = Mutated(random);
            if (!HexFiles.Corpus.Any(known => known.AsSpan().SequenceEqual(datagram)))
            {
                Assert.Empty(meeting.Answer(datagram));
            }
        });
        Assert.Equal(0, meeting.Server.HalfOpen);
        Assert.True(meeting.Server.Count(HelloOutcome.NotAuthentic) > 0, "No mutation came as far as the seal.");
    }

    [Fact]
    public void A_server_bears_whatever_a_holder_of_the_key_seals()
    {
        var meeting = new Meeting();
        var answered = new Dictionary<HelloOutcome, int>();
        Property.Check(Runs / 10, random =>
        {
            meeting.Pass(TimeSpan.FromMilliseconds(10));
            var hello = HexFiles.Vector("hello");
            var clear = 118 + (random.Next(2) * Cookies.Bytes);
            random.NextBytes(hello.AsSpan(101, clear - 101));
            hello[117] = (byte)(clear - 118);
            if (random.Next(10) == 0)
            {
                hello[random.Next(20, 101)]++;
            }

            var body = Mutator.Mutate(random, HexFiles.Corpus.Where(known => known.Length < 600).ToArray());
            var plain = hello.AsSpan(clear..^Aead.TagBytes);
            plain.Clear();
            body.AsSpan(0, Math.Min(body.Length, plain.Length)).CopyTo(plain);
            if (random.Next(2) == 0)
            {
                BinaryPrimitives.WriteInt64BigEndian(plain, meeting.UtcNow.ToUnixTimeMilliseconds());
            }

            HandshakeSeal.Seal(hello, clear, CipherChoice.Best, meeting.ClientSetup.Key, [], [], "hello"u8);
            Assert.InRange(meeting.Answer(hello).Length, 0, hello.Length);
            answered[meeting.Outcome] = answered.GetValueOrDefault(meeting.Outcome) + 1;
        });
        Assert.All(
            [HelloOutcome.Senseless, HelloOutcome.Retry, HelloOutcome.NothingInCommon, HelloOutcome.NeedsAgreement],
            outcome => Assert.True(answered.ContainsKey(outcome), $"{outcome} never came."));
    }

    [Fact]
    public void A_client_takes_no_mutation_for_an_answer()
    {
        Property.Check(50, random =>
        {
            var meeting = new Meeting(new CountingBytes(0x10), new CountingBytes(0x80));
            var client = meeting.NewClient();
            var first = meeting.Hello(client);
            for (var datagram = 0; datagram < 400; datagram++)
            {
                var mutated = Mutated(random);
                if (!HexFiles.Corpus.Any(known => known.AsSpan().SequenceEqual(mutated)))
                {
                    Assert.Null(client.HandleDatagram(mutated, meeting.Now, meeting.UtcNow));
                }
            }

            meeting.Now = client.DeadlineMicroseconds;
            Assert.Equal(first, meeting.Hello(client));
        });
    }

    [Fact]
    public void A_client_bears_whatever_a_holder_of_the_key_seals()
    {
        var retries = 0;
        Property.Check(500, random =>
        {
            var meeting = new Meeting();
            using var client = meeting.NewClient();
            var hello = meeting.Hello(client);
            var retry = HexFiles.Vector("retry");
            var body = Mutator.Mutate(random, HexFiles.Corpus.Where(known => known.Length < 600).ToArray());
            body.AsSpan(0, Math.Min(body.Length, 24)).CopyTo(retry.AsSpan(36));
            HandshakeSeal.Seal(retry, 36, CipherChoice.Best, meeting.ClientSetup.Key, [], hello, "retry"u8);
            client.HandleDatagram(retry, meeting.Now, meeting.UtcNow);
            retries += client.ClockDifference is null ? 0 : 1;
        });
        Assert.True(retries > 0, "No retry was sealed right.");
    }

    [Fact]
    public void A_session_opens_no_mutation_and_resets_on_none()
    {
        var meeting = new Meeting();
        var (client, server) = meeting.Establish();
        var corpus = Enumerable.Range(0, 5).Select(index => SessionTests.Sealed(client, index * 30)).ToArray();
        var resets = new ResetAnswers(meeting.ServerSetup.TunnelIds, 0);
        var answer = new byte[ResetMessage.Bytes];
        var forged = 0;
        Property.Check(Runs, random =>
        {
            var datagram = FixLength(random, Mutator.Mutate(random, [.. corpus, .. HexFiles.Corpus]));
            if (corpus.Any(known => known.AsSpan().SequenceEqual(datagram)))
            {
                return;
            }

            Assert.False(client.IsReset(datagram));
            Assert.True(!resets.TryAnswer(datagram, 0, answer) || datagram.Length >= 64);
            var result = SessionTests.Open(server, datagram);
            Assert.NotEqual(OpenResult.Opened, result);
            forged += result == OpenResult.Forged ? 1 : 0;
        });
        Assert.True(forged > 0, "No mutation came as far as the seal.");
        Assert.All(corpus, datagram => Assert.Equal(OpenResult.Opened, SessionTests.Open(server, datagram)));
    }

    /// <summary>Half of them say the length they have: else hardly one would pass the first test.</summary>
    private static byte[] Mutated(Random random) => FixLength(random, Mutator.Mutate(random, HexFiles.Corpus));

    private static byte[] FixLength(Random random, byte[] datagram)
    {
        if (datagram.Length >= DatagramHeader.Bytes && datagram.Length <= ushort.MaxValue && random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(datagram.AsSpan(2), (ushort)datagram.Length);
        }

        return datagram;
    }
}
