using Proxy.Kcp;
using Proxy.Protocol.Ends;

namespace Proxy.Tunnel.Tests;

public class AdmissionTests
{
    private readonly byte[] _answer = new byte[TunnelAdmission.AnswerBytes];

    [Fact]
    public void A_clients_first_datagram_opens_a_tunnel()
    {
        using var pair = TunnelPair.Create();
        pair.ToServer.KeepsHistory = true;
        pair.Client.Engine.Start();
        pair.Settle();
        Assert.Equal(AdmissionVerdict.Open, TunnelAdmission.Judge(pair.ToServer.History[0], _answer));
    }

    [Fact]
    public void The_middle_of_a_conversation_is_told_that_nobody_knows_it()
    {
        var verdict = TunnelAdmission.Judge(Push(number: 7, timestamp: 0x01020304, "data"u8), _answer);
        Assert.Equal(AdmissionVerdict.TellUnknown, verdict);
        Assert.Equal(Bytes.Hex("00000000 52 00 8000 04030201 07000000 00000000 00000000"), _answer);
    }

    [Fact]
    public void A_client_that_is_told_so_closes_at_once()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        pair.DriveFor(1);
        pair.ToServer.KeepsHistory = true;
        pair.ToServer.IsDown = true;
        pair.Client.Send(id, "hello?"u8);
        pair.DriveFor(0.001);
        Assert.Equal(AdmissionVerdict.TellUnknown, TunnelAdmission.Judge(pair.ToServer.History[0], _answer));
        pair.Client.Engine.HandleDatagram(_answer, pair.Now);
        pair.Settle();
        Assert.Equal((EndReason.TunnelLost, "the peer was restarted"), (pair.Client.Closed, pair.Client.ClosedText));
    }

    [Fact]
    public void Garbage_is_ignored()
    {
        byte[][] all =
        [
            [],
            new byte[23],
            new byte[24],
            Push(0, 1, "not a handshake"u8),
            Push(0, 1, Bytes.Hex("000000 04 00 000000")),
            [1, .. Push(7, 1, "data"u8)[1..]],
            Push(7, 1, "data"u8)[..^1],
            [.. Push(7, 1, "data"u8)[..4], (byte)KcpCommand.Acknowledge, .. Push(7, 1, "data"u8)[5..]],
            [.. Push(7, 1, "data"u8)[..5], 1, .. Push(7, 1, "data"u8)[6..]],
        ];
        Assert.All(all, datagram => Assert.Equal(AdmissionVerdict.Ignore, TunnelAdmission.Judge(datagram, _answer)));
    }

    [Fact]
    public void The_answer_is_never_longer_than_what_provoked_it()
    {
        Assert.True(TunnelAdmission.AnswerBytes <= Push(7, 1, default).Length);
    }

    private static byte[] Push(uint number, uint timestamp, ReadOnlySpan<byte> payload)
    {
        var datagram = new byte[KcpSegment.HeaderBytes + payload.Length];
        new KcpSegment(0, KcpCommand.Push, 0, 128, timestamp, number, 3, (uint)payload.Length).Write(datagram);
        payload.CopyTo(datagram.AsSpan(KcpSegment.HeaderBytes));
        return datagram;
    }
}
