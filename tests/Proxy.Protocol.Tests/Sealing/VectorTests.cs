using Proxy.Protocol.Sealing.Ciphers;
using Proxy.Protocol.Sealing.Handshakes;
using Proxy.Protocol.Sealing.Keys;
using Proxy.Protocol.Sealing.Records;
using Proxy.Protocol.Sealing.Resets;
using Proxy.Protocol.Sealing.Sessions;
using Proxy.Protocol.Tests.Sealing.Handshakes;

namespace Proxy.Protocol.Tests.Sealing;

/// <summary>
/// Fixed keys and "random" bytes in, exact bytes out. The expected bytes were computed by another program, with another library, from the
/// description in docs/protocol.md.
/// </summary>
public sealed class VectorTests
{
    // The client draws 10 11 12..., the server 80 81 82...: first its cookie secret.
    private readonly Meeting _meeting = new(new CountingBytes(0x10), new CountingBytes(0x80));

    public VectorTests()
    {
        // AES is offered first, whatever this machine likes.
        _meeting.ClientSetup = _meeting.ClientSetup with { Ciphers = CipherChoice.Managed };
        _meeting.ServerSetup = _meeting.ServerSetup with { Ciphers = CipherChoice.Managed };
    }

    [Fact]
    public void Hello_retry_and_hello_with_the_cookie()
    {
        _meeting.ServerAhead = TimeSpan.FromDays(1);
        var client = _meeting.NewClient();
        var hello = _meeting.Hello(client);
        Assert.Equal(HexFiles.Vector("hello"), hello);

        var retry = _meeting.Answer(hello);
        Assert.Equal(HexFiles.Vector("retry"), retry);

        client.HandleDatagram(retry, _meeting.Now, _meeting.UtcNow);
        Assert.Equal(HexFiles.Vector("hello-with-cookie"), _meeting.Hello(client));
    }

    [Fact]
    public void Reply_data_in_both_directions_and_after_a_key_update_and_reset()
    {
        _meeting.ServerAhead = TimeSpan.FromDays(1);
        _meeting.ClientSetup = _meeting.ClientSetup with { Session = SessionLimits.Default with { DatagramsPerKey = 1 } };
        var client = _meeting.NewClient();
        client.HandleDatagram(_meeting.Answer(_meeting.Hello(client)), _meeting.Now, _meeting.UtcNow);
        var reply = _meeting.Answer(_meeting.Hello(client));
        Assert.Equal(HexFiles.Vector("hello-reply"), reply);

        var atClient = client.HandleDatagram(reply, _meeting.Now, _meeting.UtcNow)!.Session;
        var atServer = _meeting.AtServer!.Session;
        Assert.Equal(HexFiles.Vector("data-to-server"), Seal(atClient, "hello"u8));
        Assert.Equal(HexFiles.Vector("data-to-client"), Seal(atServer, "world"u8));
        atClient.HandleAcknowledged(0, 0);
        Assert.Equal(HexFiles.Vector("data-after-update"), Seal(atClient, "after the update"u8));
        foreach (var name in (string[])["data-to-server", "data-after-update"])
        {
            Assert.Equal(OpenResult.Opened, atServer.Open(HexFiles.Vector(name), 0, out _, out _));
        }

        var reset = new byte[ResetMessage.Bytes];
        var token = new byte[ResetMessage.TokenBytes];
        _meeting.ServerSetup.TunnelIds.WriteToken(atServer.Identity.OwnTunnelId, token);
        ResetMessage.Write(reset, atServer.Identity.OwnTunnelId, token);
        Assert.Equal(HexFiles.Vector("reset"), reset);
        Assert.True(atClient.IsReset(reset));
    }

    [Fact]
    public void Records_before_and_after_a_key_update()
    {
        _meeting.ServerAhead = TimeSpan.FromDays(1);
        _meeting.ClientSetup = _meeting.ClientSetup with { Session = SessionLimits.Default with { DatagramsPerKey = 1 } };
        var client = _meeting.NewClient();
        client.HandleDatagram(_meeting.Answer(_meeting.Hello(client)), _meeting.Now, _meeting.UtcNow);
        var tunnel = client.HandleDatagram(_meeting.Answer(_meeting.Hello(client)), _meeting.Now, _meeting.UtcNow)!;
        using var records = tunnel.Session.IntoRecords();

        Assert.Equal(HexFiles.Vector("record"), SealRecord(records, "hello"u8));
        Assert.Equal(HexFiles.Vector("record-after-update"), SealRecord(records, "after the update"u8));
    }

    [Fact]
    public void Hello_and_reply_with_a_pinned_server_key()
    {
        using var serverKey = new SecretBytes([.. Enumerable.Range(0x50, 32).Select(value => (byte)value)]);
        _meeting.ServerSetup = _meeting.ServerSetup with { ServerKey = serverKey };
        _meeting.ClientSetup = _meeting.ClientSetup with { ServerKey = P256.PublicPoint(serverKey) };
        var client = _meeting.NewClient();
        var hello = _meeting.Hello(client);
        Assert.Equal(HexFiles.Vector("hello-server-key"), hello);
        Assert.Equal(HexFiles.Vector("hello-reply-server-key"), _meeting.Answer(hello));
    }

    private static byte[] SealRecord(SealedRecords records, ReadOnlySpan<byte> body)
    {
        var record = new byte[SealedRecords.HeaderBytes + body.Length + SealedRecords.TagBytes];
        body.CopyTo(record.AsSpan(SealedRecords.HeaderBytes));
        records.Seal(record, body.Length);
        return record;
    }

    private static byte[] Seal(SealedSession session, ReadOnlySpan<byte> body)
    {
        var datagram = new byte[SealedSession.HeaderBytes + body.Length + SealedSession.TagBytes];
        body.CopyTo(datagram.AsSpan(SealedSession.HeaderBytes));
        Assert.True(session.TrySeal(datagram, body.Length, 10_000_000, out _, out _));
        return datagram;
    }
}
