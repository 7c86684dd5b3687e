using System.Net;
using Proxy.Protocol.Socks;

namespace Proxy.Protocol.Tests.Socks;

/// <summary>The forms of RFC 1928, RFC 1929 and of the version 4 and 4a that have no RFC, byte by byte.</summary>
public sealed class SocksDialogueTests
{
    private const string Greeting = "05 01 00";
    private const string GreetingWithName = "05 02 00 02";
    private const string AliceSecret = "01 05 616C696365 06 736563726574";

    [Theory]
    [InlineData("01 | C0000207 | 0050", "192.0.2.7:80")]
    [InlineData("03 | 0B 6578616D706C652E6F7267 | 01BB", "example.org:443")]
    [InlineData("03 | 0B 4558414D504C452E6F7267 | 01BB", "example.org:443")]
    [InlineData("04 | 20010DB8000000000000000000000001 | 0016", "[2001:db8::1]:22")]
    [InlineData("04 | 00000000000000000000FFFFC0000207 | 0050", "192.0.2.7:80")]
    public void A_version_5_client_is_asked_nothing_and_says_where_to(string address, string destination)
    {
        var dialogue = Dialogue.Of($"{Greeting} | 05 01 00 {address} | 4845");

        Assert.Equal((SocksProgress.Requested, "0500", 2), (dialogue.Progress, dialogue.Answers, dialogue.Left));
        Assert.Equal((SocksCommand.Connect, destination, null), (dialogue.Request!.Command, dialogue.Request.Destination.ToString(), dialogue.Request.User));
    }

    [Fact]
    public void A_client_shows_who_it_is_by_name_and_password()
    {
        var dialogue = Dialogue.Of($"{GreetingWithName} | {AliceSecret} | 05 01 00 01 C0000207 0050", Dialogue.Alice);

        Assert.Equal((SocksProgress.Requested, "05020100"), (dialogue.Progress, dialogue.Answers));
        Assert.Equal("alice", dialogue.Request!.User);
    }

    [Theory]
    [InlineData("05 02 00 02 | 01 05 616C696365 06 736563726575", "0502" + "0101", SocksRule.WrongCredentials)]
    [InlineData("05 02 00 02 | 01 05 616C696364 06 736563726574", "0502" + "0101", SocksRule.WrongCredentials)]
    [InlineData("05 02 00 02 | 01 00 00", "0502" + "0101", SocksRule.WrongCredentials)]
    [InlineData("05 02 00 02 | 05 01 00 01", "0502" + "0101", SocksRule.BadCredentialsForm)]
    [InlineData("05 01 00", "05FF", SocksRule.NoCommonMethod)]
    [InlineData("04 01 0050 C0000207 616C69636500", "", SocksRule.UnknownVersion)]
    public void Who_does_not_show_it_goes_no_further(string hex, string answers, SocksRule rule)
    {
        var dialogue = Dialogue.Of(hex, Dialogue.Alice);

        Assert.Equal((SocksProgress.Broken, answers, rule), (dialogue.Progress, dialogue.Answers, dialogue.Rule));
    }

    [Theory]
    [InlineData("47 45 54 20", "", SocksRule.UnknownVersion)]
    [InlineData("05 01 02", "05FF", SocksRule.NoCommonMethod)]
    [InlineData("05 00", "05FF", SocksRule.NoCommonMethod)]
    [InlineData("05 01 00 | 04 01 00 01", "0500" + "05010001000000000000", SocksRule.BadRequestVersion)]
    [InlineData("05 01 00 | 05 04 00 01", "0500" + "05070001000000000000", SocksRule.UnknownCommand)]
    [InlineData("05 01 00 | 05 01 00 02", "0500" + "05080001000000000000", SocksRule.UnknownAddressType)]
    [InlineData("05 01 00 | 05 01 00 03 03 61 20 62 0050", "0500" + "05010001000000000000", SocksRule.BadName)]
    [InlineData("05 01 00 | 05 01 00 03 00 0050", "0500" + "05010001000000000000", SocksRule.BadName)]
    [InlineData("05 01 00 | 05 01 00 01 C0000207 0000", "0500" + "05010001000000000000", SocksRule.PortMissing)]
    [InlineData("04 03", "005B000000000000", SocksRule.UnknownCommand)]
    [InlineData("04 01 0000 C0000207 00", "005B000000000000", SocksRule.PortMissing)]
    [InlineData("04 01 0050 00000001 00 612F62 00", "005B000000000000", SocksRule.BadName)]
    public void What_breaks_a_rule_is_answered_where_there_is_an_answer(string hex, string answers, SocksRule rule)
    {
        var dialogue = Dialogue.Of(hex);

        Assert.Equal((SocksProgress.Broken, answers, rule), (dialogue.Progress, dialogue.Answers, dialogue.Rule));
    }

    [Theory]
    [InlineData("04 01 0050 42660763 4672656400", "66.102.7.99:80", SocksCommand.Connect)]
    [InlineData("04 02 0050 42660763 00", "66.102.7.99:80", SocksCommand.Bind)]
    [InlineData("04 01 01BB 00000001 4672656400 6578616D706C652E6F726700", "example.org:443", SocksCommand.Connect)]
    public void Version_4_has_an_address_and_4a_a_name(string hex, string destination, SocksCommand command)
    {
        var dialogue = Dialogue.Of(hex + " 00");

        Assert.Equal((SocksProgress.Requested, "", 1), (dialogue.Progress, dialogue.Answers, dialogue.Left));
        Assert.Equal((SocksDialogue.Version4, command, destination), (dialogue.Request!.Version, dialogue.Request.Command, dialogue.Request.Destination.ToString()));
    }

    [Fact]
    public void A_text_of_version_4_that_does_not_end_is_not_waited_for()
    {
        byte[] head = [4, 1, 0, 80, 192, 0, 2, 7];

        Assert.Equal(SocksProgress.NeedMore, Dialogue.Of([.. head, .. Enumerable.Repeat((byte)'a', 255)], null, []).Progress);
        Assert.Equal(SocksRule.TextTooLong, Dialogue.Of([.. head, .. Enumerable.Repeat((byte)'a', 256)], null, []).Rule);
    }

    [Theory]
    [InlineData(5, SocksReply.Succeeded, "192.0.2.7:80", "05000001C00002070050")]
    [InlineData(5, SocksReply.ConnectionRefused, "[2001:db8::1]:22", "0505000420010DB80000000000000000000000010016")]
    [InlineData(4, SocksReply.Succeeded, "192.0.2.7:80", "005A0050C0000207")]
    [InlineData(4, SocksReply.HostUnreachable, "0.0.0.0:0", "005B000000000000")]
    [InlineData(4, SocksReply.Succeeded, "[2001:db8::1]:22", "005A000000000000")]
    public void An_answer_is_in_the_version_of_its_request(byte version, SocksReply reply, string bound, string expected)
    {
        var request = new SocksRequest(version, SocksCommand.Connect, Proxy.Protocol.Chains.Destination.Of(IPAddress.Loopback, 1), null);
        var answer = new byte[SocksRequest.MaxAnswerBytes];

        Assert.Equal(expected, Convert.ToHexString(answer, 0, request.WriteAnswer(answer, reply, IPEndPoint.Parse(bound))));
    }
}
