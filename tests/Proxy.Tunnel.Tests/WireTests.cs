using Proxy.Kcp;
using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

/// <summary>The bytes of a conversation with vproxy as they were seen on the wire, but for timestamps.</summary>
public class WireTests
{
    private const string Settings = "000000 04 00 00000000";

    [Fact]
    public void The_first_datagrams_are_those_of_a_vproxy()
    {
        using var pair = TunnelPair.Create();
        Record(pair);
        pair.Start();
        pair.DriveUntil(() => pair.Client.ReadyCount == 1);
        var id = pair.Client.Open();
        pair.DriveUntil(() => pair.Client.Streams[id].IsOpen);
        pair.Client.Send(id, "hello"u8);
        pair.Client.Finish(id);
        pair.DriveUntil(() => pair.Server.Streams[id].HasEnded);

        var client = Pushes(pair.ToServer);
        Assert.Equal((0u, Settings), client[0]);
        Assert.Equal((1u, "000000 01 00 00000001"), client[1]);
        Assert.Equal((2u, "000005 00 00 00000001 68656C6C6F 000000 00 01 00000001"), client[2]);
        var server = Pushes(pair.ToClient);
        Assert.Equal((0u, Settings), server[0]);
        Assert.Equal((1u, "000000 01 00 00000001"), server[1]);
    }

    [Fact]
    public void The_first_datagram_is_one_push_of_conversation_0_with_the_whole_window()
    {
        using var pair = TunnelPair.Create();
        Record(pair);
        pair.Start();
        pair.Settle();
        var datagram = Assert.Single(pair.ToServer.History);
        Assert.Equal(33, datagram.Length);
        Assert.Equal(Bytes.Hex("00000000 51 00 0004"), datagram[..8]);
        Assert.Equal(Bytes.Hex("00000000 00000000 09000000" + Settings), datagram[12..]);
    }

    [Fact]
    public void The_answer_is_an_acknowledgement_and_the_servers_handshake_in_one_datagram()
    {
        using var pair = TunnelPair.Create();
        Record(pair);
        pair.Start();
        pair.DriveUntil(() => pair.Server.ReadyCount == 1);
        var datagram = Assert.Single(pair.ToClient.History);
        Assert.Equal(57, datagram.Length);
        Assert.Equal((byte)KcpCommand.Acknowledge, datagram[4]);
        Assert.Equal((byte)KcpCommand.Push, datagram[28]);
    }

    [Fact]
    public void The_client_says_nothing_behind_its_handshake_before_the_answer()
    {
        using var pair = PeerPair.Create(TunnelRole.Client);
        pair.DriveFor(1);
        Assert.Equal(["SETTINGS"], pair.Peer.Heard);
        Assert.False(pair.Side.Engine.CanOpen);
    }

    [Fact]
    public void A_reset_is_headers_with_the_end_flag()
    {
        using var pair = TunnelPair.Ready();
        var id = pair.Open();
        Record(pair);
        pair.Client.Reset(id);
        pair.Settle();
        Assert.Equal([(2u, "000000 01 01 00000001")], Pushes(pair.ToServer));
    }

    private static void Record(TunnelPair pair) => pair.ToServer.KeepsHistory = pair.ToClient.KeepsHistory = true;

    /// <summary>Number and payload of each PUSH that was sent first, in order; frames as the constants above write them.</summary>
    private static List<(uint Number, string Payload)> Pushes(SimulatedLink link)
    {
        var pushes = new SortedDictionary<uint, string>();
        foreach (var datagram in link.History)
        {
            ReadOnlySpan<byte> rest = datagram;
            while (KcpSegment.TryRead(rest, out var segment))
            {
                Assert.Equal(0u, segment.Conversation);
                if (segment.Command == KcpCommand.Push)
                {
                    pushes.TryAdd(segment.SequenceNumber, Describe(rest.Slice(KcpSegment.HeaderBytes, (int)segment.PayloadBytes)));
                }

                rest = rest[(KcpSegment.HeaderBytes + (int)segment.PayloadBytes)..];
            }
        }

        return [.. pushes.Select(push => (push.Key, push.Value))];
    }

    private static string Describe(ReadOnlySpan<byte> frames)
    {
        var parts = new List<string>();
        while (!frames.IsEmpty)
        {
            var length = frames[2];
            parts.Add($"{Convert.ToHexString(frames[..3])} {frames[3]:X2} {frames[4]:X2} {Convert.ToHexString(frames[5..9])}");
            if (length > 0)
            {
                parts.Add(Convert.ToHexString(frames.Slice(9, length)));
            }

            frames = frames[(9 + length)..];
        }

        return string.Join(' ', parts);
    }
}
