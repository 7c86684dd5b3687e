using Proxy.Protocol.Sealing.Records;
using Proxy.Protocol.Tests.Sealing;
using Proxy.Protocol.Tests.Sealing.Handshakes;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Robustness;

/// <summary>Mutations of sealed records, on streams that are cut anywhere.</summary>
public sealed class RecordFuzzTests
{
    [Fact]
    public void A_stream_of_records_opens_what_is_right_up_to_the_first_that_is_not_and_nothing_after_it()
    {
        var broken = 0;
        Property.Check(300, random =>
        {
            var (client, server) = new Meeting().Establish();
            using var sending = client.IntoRecords();
            using var receiving = server.IntoRecords();
            var bodies = Enumerable.Range(0, 4).Select(_ => HexFiles.Of("native")[random.Next(4)]).ToArray();
            byte[] right = [.. bodies.SelectMany(body => Seal(sending, body))];
            var stream = Mutator.Mutate(random, [right]);
            var (opened, at) = (0, 0);
            for (var length = 0; length < stream.Length;)
            {
                length = Math.Min(stream.Length, length + random.Next(1, 600));
                var source = stream.AsSpan(at, length - at).ToArray();
                while (receiving.Open(source, out var body, out var consumed) == ReadStatus.Done)
                {
                    Assert.Equal(bodies[opened++], source.AsSpan()[body].ToArray());
                    source = source[consumed..];
                    at += consumed;
                }
            }

            Assert.True(stream.AsSpan(0, at).SequenceEqual(right.AsSpan(0, at)));
            broken += receiving.IsBroken ? 1 : 0;
        });
        Assert.True(broken > 0, "No mutation broke a stream.");
    }

    private static byte[] Seal(SealedRecords records, byte[] body)
    {
        var record = new byte[SealedRecords.HeaderBytes + body.Length + SealedRecords.TagBytes];
        body.CopyTo(record, SealedRecords.HeaderBytes);
        records.Seal(record, body.Length);
        return record;
    }
}
