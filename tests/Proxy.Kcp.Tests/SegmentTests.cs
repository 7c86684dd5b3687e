namespace Proxy.Kcp.Tests;

public sealed class SegmentTests
{
    [Fact]
    public void A_segment_of_vproxy_has_these_bytes()
    {
        using var engine = new KcpEngine(0, KcpSettings.VproxyFast3, new CountingPool());
        engine.Send(Convert.FromHexString("000000040000000000"));
        var datagram = new byte[1250];

        Assert.True(engine.TryGetDatagram(0x11223344, datagram, out var length));

        Assert.Equal(
            "00000000" + "51" + "00" + "0004" + "44332211" + "00000000" + "00000000" + "09000000" + "000000040000000000",
            Convert.ToHexString(datagram.AsSpan(0, length)));
    }

    [Fact]
    public void An_answer_of_vproxy_is_its_ACK_and_its_data_in_one_datagram()
    {
        using var engine = new KcpEngine(0, KcpSettings.VproxyFast3, new CountingPool());
        engine.HandleDatagram(Convert.FromHexString("00000000510000044433221100000000000000000900000000000004" + "0000000000"), 0x55);
        engine.Send(Convert.FromHexString("000000040000000000"));
        var datagram = new byte[1250];

        Assert.True(engine.TryGetDatagram(0x66, datagram, out var length));

        // One of 1024 places is taken: the segment was not read yet.
        Assert.Equal(
            "00000000" + "52" + "00" + "FF03" + "44332211" + "00000000" + "01000000" + "00000000"
            + "00000000" + "51" + "00" + "FF03" + "66000000" + "00000000" + "01000000" + "09000000" + "000000040000000000",
            Convert.ToHexString(datagram.AsSpan(0, length)));
    }

    [Fact]
    public void A_header_is_read_as_it_was_written()
    {
        var header = new KcpSegment(0x01020304, KcpCommand.TellWindow, 5, 0x0607, 0x08090A0B, 0x0C0D0E0F, 0x10111213, 0x14151617);
        var bytes = new byte[KcpSegment.HeaderBytes];

        header.Write(bytes);

        Assert.Equal("04030201" + "54" + "05" + "0706" + "0B0A0908" + "0F0E0D0C" + "13121110" + "17161514", Convert.ToHexString(bytes));
        Assert.True(KcpSegment.TryRead(bytes, out var read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void A_header_cut_short_is_not_read()
    {
        Assert.False(KcpSegment.TryRead(new byte[KcpSegment.HeaderBytes - 1], out _));
    }
}
