using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Tests.Chains;

public sealed class ChainResponseTests
{
    [Theory]
    [InlineData("01 00 0000", ChainStatus.Ok, "")]
    [InlineData("01 01 0007 726566757365 64", ChainStatus.Refused, "refused")]
    [InlineData("01 09 0004 62757379", ChainStatus.Busy, "busy")]
    [InlineData("01 04 0002 c3a9", ChainStatus.NameNotFound, "é")]
    public void Bytes_and_response_are_the_same_thing(string hex, ChainStatus status, string text)
    {
        var response = new ChainResponse(status, text);
        var target = new byte[response.LengthBytes];
        Assert.Equal(target.Length, response.Write(target));
        Assert.Equal(Convert.ToHexString(Bytes.FromHex(hex)), Convert.ToHexString(target));

        Assert.Equal(ReadStatus.Done, ChainResponse.TryRead(Bytes.Join(target, [1, 2, 3]), out var consumed, out var read, out var broken));
        Assert.Equal((target.Length, ChainRule.None), (consumed, broken));
        Assert.Equal(response, read);
    }

    [Fact]
    public void Every_beginning_of_a_response_needs_more()
    {
        var whole = Bytes.FromHex("01 01 0007 72656675736564");
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, ChainResponse.TryRead(whole.AsSpan(0, length), out var consumed, out var response, out _));
            Assert.Equal((0, null), (consumed, response));
        }
    }

    [Theory]
    [InlineData(ChainRule.UnknownVersion, "02")]
    [InlineData(ChainRule.UnknownVersion, "485454502f")]
    [InlineData(ChainRule.UnknownStatus, "010a")]
    [InlineData(ChainRule.UnknownStatus, "01ff0000")]
    [InlineData(ChainRule.TextTooLong, "01000101")]
    [InlineData(ChainRule.TextTooLong, "0100ffff")]
    public void A_broken_response_is_named_as_soon_as_it_shows(ChainRule rule, string hex)
    {
        Assert.Equal(ReadStatus.Malformed, ChainResponse.TryRead(Bytes.FromHex(hex), out var consumed, out var response, out var broken));
        Assert.Equal((0, null, rule), (consumed, response, broken));
    }

    [Fact]
    public void A_read_text_is_one_printable_line()
    {
        ChainResponse.TryRead(Bytes.FromHex("01 01 0005 61 0d 0a 1b 62"), out _, out var response, out _);
        Assert.Equal("a???b", response!.Text);
    }

    [Fact]
    public void A_written_text_is_cut_to_its_bound_and_read_again()
    {
        var response = new ChainResponse(ChainStatus.Unreachable, new string('x', 1000));
        var target = new byte[response.LengthBytes];
        Assert.Equal(ChainResponse.MaxLengthBytes, response.Write(target));
        Assert.Equal(ReadStatus.Done, ChainResponse.TryRead(target, out _, out var read, out _));
        Assert.Equal(new string('x', ProtocolLimits.ChainTextBytes), read!.Text);
    }
}
