using System.Text;
using Proxy.Protocol.Frames;

namespace Proxy.Protocol.Tests.Frames;

/// <summary>The bytes that a real vproxy was seen to send and take, one by one.</summary>
public sealed class GoldenFrameTests
{
    private const string Settings = "000000 04 00 00000000";

    [Fact]
    public void Handshake_is_an_empty_settings_frame()
    {
        Assert.Equal(Bytes.FromHex(Settings), Written(SettingsFrame.LengthBytes, SettingsFrame.Write));
        Assert.Equal(["SETTINGS"], ReadFrames.All(Settings));
    }

    [Theory]
    [InlineData(1, "000008 06 00 00000000 0000000000000001")]
    [InlineData(-2, "000008 06 00 00000000 fffffffffffffffe")]
    public void Keepalive_is_a_ping_with_its_id(long id, string hex)
    {
        Assert.Equal(Bytes.FromHex(hex), Written(PingFrame.LengthBytes, target => PingFrame.Write(target, id)));
        Assert.Equal(["SETTINGS", $"PING {id}"], ReadFrames.All(Settings + hex));
    }

    [Fact]
    public void Keepalive_ack_is_a_ping_with_flag_1_and_the_same_id()
    {
        const string Hex = "000008 06 01 00000000 0000000000000001";
        Assert.Equal(Bytes.FromHex(Hex), Written(PingFrame.LengthBytes, target => PingFrame.WriteAcknowledge(target, 1)));
        Assert.Equal(["SETTINGS", "PONG 1"], ReadFrames.All(Settings + Hex));
    }

    [Theory]
    [InlineData(1, "000000 01 00 00000001")]
    [InlineData(0x7fffffff, "000000 01 00 7fffffff")]
    public void Syn_and_syn_ack_are_empty_headers(int streamId, string hex)
    {
        Assert.Equal(Bytes.FromHex(hex), Written(SynFrame.LengthBytes, target => SynFrame.Write(target, streamId)));
        Assert.Equal(["SETTINGS", $"SYN {streamId}"], ReadFrames.All(Settings + hex));
    }

    [Fact]
    public void Rst_is_empty_headers_with_flag_1()
    {
        const string Hex = "000000 01 01 00000007";
        Assert.Equal(Bytes.FromHex(Hex), Written(ResetFrame.LengthBytes, target => ResetFrame.Write(target, 7)));
        Assert.Equal(["SETTINGS", "RST 7"], ReadFrames.All(Settings + Hex));
    }

    [Fact]
    public void Psh_is_data_with_its_bytes()
    {
        const string Hex = "000005 00 00 00000001 68656c6c6f";
        Assert.Equal(Bytes.FromHex(Hex), Written(DataFrame.LengthBytes(5), target => DataFrame.Write(target, 1, "hello"u8, endsStream: false)));
        using var frames = new ReadFrames();
        frames.Feed(Bytes.FromHex(Settings + Hex));
        Assert.Equal(["SETTINGS", "DATA 1 hello"], frames.Finish());
    }

    [Fact]
    public void Fin_is_empty_data_with_flag_1()
    {
        const string Hex = "000000 00 01 00000001";
        Assert.Equal(Bytes.FromHex(Hex), Written(FrameHeader.SizeBytes, target => DataFrame.WriteFin(target, 1)));
        Assert.Equal(["SETTINGS", "DATA 1  FIN"], ReadFrames.All(Settings + Hex));
    }

    [Fact]
    public void Psh_fin_is_data_with_bytes_and_flag_1()
    {
        const string Hex = "000002 00 01 00000003 6869";
        Assert.Equal(Bytes.FromHex(Hex), Written(DataFrame.LengthBytes(2), target => DataFrame.Write(target, 3, "hi"u8, endsStream: true)));
        Assert.Equal(["SETTINGS", "DATA 3 hi FIN"], ReadFrames.All(Settings + Hex));
    }

    [Fact]
    public void Pause_toggle_is_the_empty_data_that_vproxy_ignores()
    {
        const string Hex = "000000 00 00 00000005";
        Assert.Equal(Bytes.FromHex(Hex), Written(PauseToggleFrame.LengthBytes, target => PauseToggleFrame.Write(target, 5)));
        Assert.Equal(["SETTINGS", "PAUSE 5"], ReadFrames.All(Settings + Hex));
    }

    [Fact]
    public void Shutdown_is_goaway_with_ones_and_a_reason()
    {
        const string Reason = "keepalive response timeout";
        var expected = Bytes.Join(Bytes.FromHex("000022 07 00 00000000 ffffffff ffffffff"), Encoding.ASCII.GetBytes(Reason));
        Assert.Equal(expected, Written(GoAwayFrame.LengthBytes(Reason), target => GoAwayFrame.Write(target, Reason)));
        Assert.Equal(["SETTINGS", $"GOAWAY ffffffff ffffffff {Reason}"], ReadFrames.All(Settings + Convert.ToHexString(expected)));
    }

    [Fact]
    public void Measured_client_bytes_read_as_hello_and_half_close()
    {
        const string Client = Settings + "000000 01 00 00000001 | 000005 00 00 00000001 68656c6c6f | 000000 00 01 00000001";
        Assert.Equal(["SETTINGS", "SYN 1", "DATA 1 hello FIN"], ReadFrames.All(Client));
    }

    [Fact]
    public void Measured_server_bytes_read_as_two_answers_and_the_end()
    {
        const string Server = Settings + "000000 01 00 00000001 | 000008 00 00 00000001 453a68656c6c6f0a"
            + "000006 00 00 00000001 474f5420350a | 000000 00 01 00000001";
        Assert.Equal(["SETTINGS", "SYN 1", "DATA 1 E:hello\nGOT 5\n FIN"], ReadFrames.All(Server));
    }

    [Fact]
    public void Compressed_data_as_java_writes_it_is_inflated()
    {
        // 4000 times 'A' from zlib at level 9 behind Java's header (OS byte 0xff): 40 bytes, the length that was measured. Then FIN.
        const string Stream = Settings + "000028 00 04 00000003"
            + "1f8b08000000000000ff edc13101000000c2a06ceb5fca183e40010000006f 0329b8c3 f8a00f0000"
            + "000000 00 01 00000003";
        Assert.Equal(["SETTINGS", $"DATA 3 {new string('A', 4000)} FIN"], ReadFrames.All(Stream));
    }

    private static byte[] Written(int lengthBytes, Writer write)
    {
        var target = new byte[lengthBytes];
        Assert.Equal(lengthBytes, write(target));
        return target;
    }

    private delegate int Writer(Span<byte> target);
}
