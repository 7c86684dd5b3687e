using System.Net;
using Proxy.Node.HandOver;
using Proxy.Transport;
using Proxy.Transport.HandOver;

namespace Proxy.Node.Tests.HandOver;

/// <summary>What two processes say to each other when one takes the other's place.</summary>
public sealed class PassedOnTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hand-over-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("127.0.0.1:4000", "192.0.2.7:1234")]
    [InlineData("[::]:4000", "[2001:db8::1]:65535")]
    public async Task Datagrams_arrive_with_their_sender_and_their_sizes_however_many_they_are(string asked, string sender)
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("Descriptors are handed over on Linux only.");
        }

        var path = Path.Combine(_directory.FullName, "socket");
        using var listener = DescriptorSocket.Listen(path);
        var accepting = Task.Run(() => DescriptorSocket.Accept(listener));
        Assert.True(DescriptorSocket.TryConnect(path, out var connection));
        using var near = connection;
        using var far = await accepting;
        var datagrams = new byte[64_000];
        new Random(1).NextBytes(datagrams);
        var from = UdpAddress.From(IPEndPoint.Parse(sender));

        Assert.True(PassedOn.TrySend(near, IPEndPoint.Parse(asked), datagrams, 1300, from));

        var received = new List<byte>();
        var buffer = new byte[DescriptorSocket.LargestMessageBytes];
        while (received.Count < datagrams.Length)
        {
            Assert.True(far!.TryReceive(buffer, out var bytes, out _));
            Assert.True(PassedOn.TryRead(buffer.AsSpan(0, bytes), out var to, out var segment, out var source, out var batch));
            Assert.Equal((IPEndPoint.Parse(asked), 1300, IPEndPoint.Parse(sender)), (to, segment, source.ToIPEndPoint()));
            Assert.True(batch.Length % 1300 == 0 || received.Count + batch.Length == datagrams.Length);
            received.AddRange(batch);
        }

        Assert.Equal(datagrams, received);
    }

    [Fact]
    public void What_is_cut_or_of_another_kind_is_no_datagram()
    {
        Assert.False(PassedOn.TryRead([], out _, out _, out _, out _));
        Assert.False(PassedOn.TryRead("ready"u8, out _, out _, out _, out _));
        byte[] whole = [PassedOn.Kind, 14, .. "127.0.0.1:4000"u8, 0, 5, .. new byte[16], 0, 7, 1, 2, 3];
        Assert.True(PassedOn.TryRead(whole, out _, out _, out _, out _));
        for (var length = 0; length < whole.Length - 3; length++)
        {
            Assert.False(PassedOn.TryRead(whole.AsSpan(0, length), out _, out _, out _, out _));
        }
    }

    [Fact]
    public void A_generation_and_a_socket_are_read_as_they_were_written()
    {
        Assert.True(HandOverMessage.TryReadGeneration(HandOverMessage.OfGeneration(255), out var generation));
        Assert.Equal(255, generation);
        Assert.False(HandOverMessage.TryReadGeneration("generation 256", out _));
        Assert.True(HandOverMessage.TryReadSocket("socket udp [::1]:4000", out var kind, out var asked));
        Assert.Equal((ListeningKind.Udp, IPEndPoint.Parse("[::1]:4000")), (kind, asked));
        Assert.False(HandOverMessage.TryReadSocket("socket udp nowhere", out _, out _));
        Assert.False(HandOverMessage.TryReadSocket("socket sctp 127.0.0.1:1", out _, out _));
    }
}
