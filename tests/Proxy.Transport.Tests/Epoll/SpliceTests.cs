using System.Security.Cryptography;
using Proxy.Transport.Relays;
using Proxy.Transport.Tests.Contract;

namespace Proxy.Transport.Tests.Epoll;

/// <summary>What moving bytes inside the kernel adds to the relay's contract: when it begins, when it ends, and that nobody can tell.</summary>
public sealed class SpliceTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    // One bulk read and the flow is spliced; a small buffer, so that a read is full soon.
    private static readonly LoopSettings Eager = new() { BulkReadsBeforeSplice = 1, ReadBufferBytes = LoopSettings.SmallestReadBufferBytes };
    private RelayRig _rig = new(Eager);

    [Fact]
    public void A_bulk_flow_is_spliced_both_ways_and_arrives_unharmed()
    {
        var (up, down) = (RandomBytes(24 * Megabyte, seed: 1), RandomBytes(24 * Megabyte, seed: 2));
        var path = _rig.Connect(new RecordingChannelHandler());
        _rig.Environment.Run(_rig.Ends, () =>
        {
            SendAndEnd(path.Client, up);
            SendAndEnd(path.Upstream, down);
        });
        _rig.Environment.Until(() => path.ClientEvents.HasEnded && path.UpstreamEvents.HasEnded, "both have ended");

        AssertSame(up, path.UpstreamEvents.Received);
        AssertSame(down, path.ClientEvents.Received);
        Assert.Equal((up.Length, down.Length), (path.Relay.BytesFromClient, path.Relay.BytesFromUpstream));
        Assert.InRange(_rig.SplicedBytes, Megabyte, up.Length + down.Length);
        Assert.Equal(RelayEndKind.Completed, Assert.Single(path.Observer.Ends).Kind);
    }

    [Fact]
    public void An_end_of_stream_waits_for_the_bytes_in_the_pipe()
    {
        var bytes = RandomBytes(24 * Megabyte, seed: 3);
        var path = _rig.Connect(new RecordingChannelHandler());
        BeginSplicing(path);
        _rig.Environment.Run(_rig.Ends, () =>
        {
            path.Upstream.PauseReceive();
            SendAndEnd(path.Client, bytes);
        });
        _rig.Environment.Until(() => StateFromClient(path) == RelayDirectionState.Blocked, "the relay is blocked");
        var before = path.UpstreamEvents.ReceivedBytes;
        _rig.Environment.Settle();
        Assert.Equal(before, path.UpstreamEvents.ReceivedBytes);

        _rig.Environment.Run(_rig.Ends, path.Upstream.ResumeReceive);
        _rig.Environment.Until(() => path.UpstreamEvents.HasEnded, "the end has come");
        AssertSame(bytes, path.UpstreamEvents.Received[^bytes.Length..]);
        Assert.Equal([RelaySide.Client], path.Observer.HalfClosed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reset_in_the_middle_of_a_spliced_flow_crosses_as_a_reset(bool isClientReset)
    {
        var path = _rig.Connect(new RecordingChannelHandler());
        BeginSplicing(path);
        _rig.Environment.Run(_rig.Ends, () =>
        {
            path.Upstream.PauseReceive();
            path.Client.Send(new byte[24 * Megabyte]);
        });
        _rig.Environment.Until(() => StateFromClient(path) == RelayDirectionState.Blocked, "the relay is blocked");
        _rig.Environment.Run(_rig.Ends, () =>
        {
            (isClientReset ? path.Client : path.Upstream).Abort();
            path.Upstream.ResumeReceive();
        });
        var other = isClientReset ? path.UpstreamEvents : path.ClientEvents;
        _rig.Environment.Until(() => other.Fault is not null && path.Observer.Ends.Count == 1, "the reset has come through");

        Assert.Equal(TransportFaultKind.Reset, other.Fault!.Value.Kind);
        Assert.Equal(isClientReset ? RelayEndKind.ClientFailed : RelayEndKind.UpstreamFailed, path.Observer.Ends[0].Kind);
        _rig.UntilNothingIsOpen();
    }

    [Fact]
    public void A_flow_that_is_bulk_no_longer_is_copied_again()
    {
        var path = _rig.Connect(new EchoHandler());
        BeginSplicing(path);
        var fromUpstream = path.ClientEvents.ReceivedBytes;
        for (var i = 1; i <= 20; i++)
        {
            _rig.Environment.Run(_rig.Ends, () => path.Client.Send("ping"u8));
            _rig.Environment.Until(() => path.ClientEvents.ReceivedBytes == fromUpstream + (4 * i), "the echo has come");
        }

        var before = _rig.SplicedBytes;
        _rig.Environment.Run(_rig.Ends, () => path.Client.Send("pong"u8));
        _rig.Environment.Until(() => path.ClientEvents.ReceivedBytes == fromUpstream + 84, "the last echo has come");
        Assert.Equal(before, _rig.SplicedBytes);
    }

    [Fact]
    public void Small_messages_are_never_spliced()
    {
        var path = _rig.Connect(new EchoHandler());
        for (var i = 1; i <= 50; i++)
        {
            _rig.Environment.Run(_rig.Ends, () => path.Client.Send(new byte[1000]));
            _rig.Environment.Until(() => path.ClientEvents.ReceivedBytes == 1000 * i, "the echo has come");
        }

        Assert.Equal(0, _rig.SplicedBytes);
    }

    [Fact]
    public void Splicing_can_be_turned_off()
    {
        Use(Eager with { BulkReadsBeforeSplice = 0 });
        var path = _rig.Connect(new RecordingChannelHandler());
        SendBulk(path);

        Assert.Equal(0, _rig.SplicedBytes);
    }

    [Fact]
    public void Flows_beyond_the_limit_are_copied()
    {
        // Two loops share them, so each has one.
        Use(Eager with { SplicedFlows = 2 });
        var (first, second) = (_rig.Connect(new RecordingChannelHandler()), _rig.Connect(new RecordingChannelHandler()));
        BeginSplicing(first);
        var before = _rig.SplicedBytes;
        SendBulk(second);

        Assert.Equal(before, _rig.SplicedBytes);
    }

    [Fact]
    public void A_flow_that_is_over_leaves_its_pipe_to_the_next()
    {
        Use(Eager with { SplicedFlows = 2 });
        var first = _rig.Connect(new RecordingChannelHandler());
        BeginSplicing(first);
        _rig.Environment.Run(_rig.Ends, first.Client.Abort);
        _rig.Environment.Until(() => first.Observer.Ends.Count == 1, "the first is over");

        BeginSplicing(_rig.Connect(new RecordingChannelHandler()));
    }

    [Fact]
    public void Bytes_for_another_handler_are_delivered_to_it()
    {
        var path = _rig.Connect(new RecordingChannelHandler());
        BeginSplicing(path);
        var (before, next) = (_rig.SplicedBytes, new RecordingChannelHandler());
        _rig.Environment.Run(_rig.Middle, () => path.ClientSide.Handler = next);
        _rig.Environment.Run(_rig.Ends, () => path.Client.Send(new byte[Megabyte]));
        _rig.Environment.Until(() => next.ReceivedBytes == Megabyte, "the next handler has the bytes");

        Assert.Equal(before, _rig.SplicedBytes);
    }

    public void Dispose() => _rig.Dispose();

    private void Use(LoopSettings settings)
    {
        _rig.Dispose();
        _rig = new RelayRig(settings);
    }

    /// <summary>Sends from the client until something was spliced.</summary>
    private void BeginSplicing(RelayedPair path)
    {
        var before = _rig.SplicedBytes;
        for (var tries = 0; tries < 50 && _rig.SplicedBytes == before; tries++)
        {
            SendBulk(path);
        }

        Assert.True(_rig.SplicedBytes > before, "200 MB went without a splice.");
    }

    private void SendBulk(RelayedPair path)
    {
        var expected = path.UpstreamEvents.ReceivedBytes + (4 * Megabyte);
        _rig.Environment.Run(_rig.Ends, () => path.Client.Send(new byte[4 * Megabyte]));
        _rig.Environment.Until(() => path.UpstreamEvents.ReceivedBytes == expected, "the bytes have come through");
        if (path.UpstreamEvents is EchoHandler)
        {
            _rig.Environment.Until(() => path.ClientEvents.ReceivedBytes == expected, "the echo has come through");
        }
    }

    private RelayDirectionState StateFromClient(RelayedPair path) => _rig.Environment.Run(_rig.Middle, () => path.Relay.FromClient);

    private static void SendAndEnd(IChannel channel, byte[] bytes)
    {
        channel.Send(bytes);
        channel.ShutdownSend();
    }

    private static byte[] RandomBytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void AssertSame(byte[] expected, byte[] actual) =>
        Assert.Equal(Convert.ToHexString(SHA256.HashData(expected)), Convert.ToHexString(SHA256.HashData(actual)));
}
