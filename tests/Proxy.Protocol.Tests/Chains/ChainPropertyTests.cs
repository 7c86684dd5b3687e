using System.Net;
using Proxy.Protocol.Chains;
using Proxy.TestKit;

namespace Proxy.Protocol.Tests.Chains;

public sealed class ChainPropertyTests
{
    [Fact]
    public void Whatever_is_written_is_read_again()
    {
        Property.Check(3000, random =>
        {
            var request = RandomRequest(random);
            var target = new byte[request.LengthBytes + random.Next(4)];
            Assert.Equal(request.LengthBytes, request.Write(target));
            Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(target, out var consumed, out var read, out _));
            Assert.Equal(request.LengthBytes, consumed);
            Assert.Equal(request, read);
        });
    }

    [Fact]
    public void Changed_requests_end_as_values()
    {
        var malformed = 0;
        Property.Check(10_000, random =>
        {
            var request = RandomRequest(random);
            var target = new byte[request.LengthBytes];
            request.Write(target);
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                target[random.Next(target.Length)] = (byte)random.Next(256);
            }

            malformed += Survive(target) == ReadStatus.Malformed ? 1 : 0;
        });
        Assert.True(malformed > 0, "No change broke anything: the property proves nothing.");
    }

    [Fact]
    public void Random_bytes_end_as_values()
    {
        Property.Check(10_000, random =>
        {
            var noise = new byte[random.Next(1, 100)];
            random.NextBytes(noise);
            noise[0] = 1;
            if (noise.Length > 4)
            {
                (noise[1], noise[2], noise[3]) = ((byte)random.Next(1, 4), 0, (byte)(noise.Length - 4));
            }

            Survive(noise);
        });
    }

    private static ReadStatus Survive(byte[] input)
    {
        var status = ChainRequest.TryRead(input, out var consumed, out var request, out var broken);
        Assert.Equal(status == ReadStatus.Done, request is not null);
        Assert.Equal(status == ReadStatus.Malformed, broken != ChainRule.None);
        Assert.True(status == ReadStatus.Done ? consumed is > 0 && consumed <= input.Length : consumed == 0, $"{status} took {consumed} bytes.");
        Assert.False(status == ReadStatus.NeedMore && input.Length >= ProtocolLimits.ChainRequestBytes, "More than the limit is wanted.");

        status = ChainResponse.TryRead(input, out consumed, out var response, out broken);
        Assert.Equal(status == ReadStatus.Done, response is not null);
        Assert.Equal(status == ReadStatus.Malformed, broken != ChainRule.None);
        Assert.False(status == ReadStatus.NeedMore && input.Length >= ChainResponse.MaxLengthBytes, "More than the limit is wanted.");

        return ChainRequest.TryRead(input, out _, out _, out _);
    }

    private static ChainRequest RandomRequest(Random random) => new(
        (ChainCommand)random.Next(1, 4), RandomDestination(random), (NextHopKind)random.Next(2))
    {
        Fields = new ChainFields
        {
            OriginalSource = random.Next(2) == 0 ? null : new IPEndPoint(RandomAddress(random), random.Next(65536)),
            OriginalDestination = random.Next(2) == 0 ? null : RandomDestination(random),
            HopBudget = random.Next(2) == 0 ? null : (byte)random.Next(256),
            TraceId = random.Next(2) == 0 ? null : new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()),
            ServerName = random.Next(2) == 0 ? null : RandomName(random),
        },
    };

    private static Destination RandomDestination(Random random)
    {
        var port = random.Next(1, 65536);
        if (random.Next(2) == 0)
        {
            return Destination.Of(RandomAddress(random), port);
        }

        Assert.True(Destination.TryCreate(RandomName(random), port, out var destination));
        return destination;
    }

    private static IPAddress RandomAddress(Random random)
    {
        var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
        random.NextBytes(bytes);
        return new IPAddress(bytes);
    }

    private static string RandomName(Random random)
    {
        var labels = Enumerable.Range(0, random.Next(1, 4))
            .Select(_ => new string(random.GetItems("abcdefghijklmnopqrstuvwxyz0123456789-_".AsSpan(), random.Next(1, 64))));
        return string.Join('.', [.. labels, "test"]);
    }
}
