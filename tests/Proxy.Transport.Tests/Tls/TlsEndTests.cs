using System.Security.Authentication;
using Proxy.Transport.Tls;

namespace Proxy.Transport.Tests.Tls;

/// <summary>What TLS adds to a channel's promises.</summary>
public sealed class TlsEndTests : IDisposable
{
    private readonly TlsPair _pair = new();

    public void Dispose() => _pair.Dispose();

    [Fact]
    public void An_end_without_a_close_notify_is_a_truncation()
    {
        Ready();
        _pair.OnClient(channel => channel.Send("half a sentence"u8));
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ServerEvents.ReceivedBytes == 15, "the bytes have come");
        CutBelow();
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("connected received failed:Reset", _pair.ServerEvents.Calls);
        Assert.Equal("TLS: truncated, the connection ended without a close_notify", _pair.ServerEvents.Fault!.Value.Text);
    }

    [Fact]
    public void An_end_without_a_close_notify_is_taken_from_who_was_told_the_end_before()
    {
        Ready();
        _pair.OnServer(channel =>
        {
            channel.ResumeReceive();
            channel.ShutdownSend();
        });
        CutBelow();
        _pair.Until(() => _pair.ServerEvents.HasEnded, "the server has seen the end");

        Assert.Equal("connected ended", _pair.ServerEvents.Calls);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void Bytes_go_on_behind_the_other_ends_close_notify(SslProtocols version)
    {
        Ready(version);
        _pair.OnClient(channel => channel.ShutdownSend());
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ServerEvents.HasEnded, "the server has seen the end");
        _pair.OnServer(channel =>
        {
            channel.Send("and one more thing"u8);
            channel.ShutdownSend();
        });
        _pair.OnClient(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ClientEvents.HasEnded, "the client has seen the end");

        Assert.Equal("and one more thing"u8, _pair.ClientEvents.Received);
    }

    [Fact]
    public void Damaged_bytes_end_the_channel()
    {
        Ready();
        _pair.OnServer(channel => channel.ResumeReceive());

        // Behind the back of the client's TLS: a record of application data that nobody has sealed.
        SendBelow([23, 3, 3, 0, 20, .. new byte[20]]);
        _pair.Until(() => _pair.ServerEvents.Fault is not null, "the server is told");

        Assert.Equal("connected failed:Tls", _pair.ServerEvents.Calls);
        _pair.UntilNothingIsOpen();
    }

    [Fact]
    public void A_megabyte_crosses_in_records_of_every_size()
    {
        Ready();
        _pair.OnServer(channel => channel.ResumeReceive());
        var bytes = new byte[1 << 20];
        new Random(7).NextBytes(bytes);
        _pair.OnClient(channel =>
        {
            for (var start = 0; start < bytes.Length;)
            {
                var count = Math.Min(bytes.Length - start, start % 3000);
                channel.Send(bytes.AsSpan(start, Math.Max(1, count)));
                start += Math.Max(1, count);
            }

            channel.ShutdownSend();
        });
        _pair.Until(() => _pair.ServerEvents.HasEnded, "everything has come");

        Assert.Equal(bytes, _pair.ServerEvents.Received);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public void Bytes_that_come_with_the_close_notify_are_delivered_before_it(SslProtocols version)
    {
        Ready(version);
        _pair.OnClient(channel =>
        {
            channel.Send("last words"u8);
            channel.ShutdownSend();
        });
        _pair.Settle();
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.Until(() => _pair.ServerEvents.HasEnded, "the server has seen the end");

        Assert.Equal("connected received ended", _pair.ServerEvents.Calls);
        Assert.Equal("last words"u8, _pair.ServerEvents.Received);
    }

    [Fact]
    public void An_idle_channel_holds_no_buffer_neither_before_nor_after_bytes()
    {
        Ready();
        _pair.OnServer(channel => channel.ResumeReceive());
        _pair.OnClient(channel => channel.ResumeReceive());
        _pair.Until(IsIdle, "the channels hold nothing of the handshake and its tickets");

        _pair.OnClient(channel => channel.Send(new byte[100_000]));
        _pair.OnServer(channel => channel.Send(new byte[100_000]));
        _pair.Until(() => _pair.ServerEvents.ReceivedBytes == 100_000 && _pair.ClientEvents.ReceivedBytes == 100_000, "the bytes have come");
        _pair.Until(IsIdle, "the channels hold nothing of the bytes");
    }

    private bool IsIdle()
    {
        var isIdle = true;
        _pair.OnClient(channel => isIdle &= ((TlsChannel)channel).IsWaitingWithoutBuffer);
        _pair.OnServer(channel => isIdle &= ((TlsChannel)channel).IsWaitingWithoutBuffer);
        return isIdle;
    }

    private void Ready(SslProtocols versions = SslProtocols.Tls12 | SslProtocols.Tls13)
    {
        _pair.Connect(_pair.ClientTo("example.org", versions), _pair.ServerFor("example.org"));
        _pair.UntilReady();
    }

    private void SendBelow(byte[] bytes) => _pair.OnClient(_ => _pair.RawClient.Send(bytes));

    private void CutBelow() => _pair.OnClient(_ => _pair.RawClient.ShutdownSend());
}
