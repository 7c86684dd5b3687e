using System.Net;
using System.Text;
using Proxy.Protocol.Chains;

namespace Proxy.Protocol.Tests.Chains;

public sealed class ChainRequestTests
{
    private static readonly IPEndPoint Source = new(IPAddress.Parse("198.51.100.7"), 50000);

    public static TheoryData<string, ChainRequest> Vectors() => new()
    {
        { "01 01 0008 | 01 c0000201 01bb | 00", new ChainRequest(ChainCommand.Tcp, At("192.0.2.1:443"), NextHopKind.Destination) },
        {
            "01 01 0014 | 04 20010db8000000000000000000000001 0050 | 01",
            new ChainRequest(ChainCommand.Tcp, At("[2001:db8::1]:80"), NextHopKind.ChainHop)
        },
        { "01 02 0010 | 03 0b 6578616d706c652e636f6d 0035 | 00", new ChainRequest(ChainCommand.Udp, At("example.com:53"), NextHopKind.Destination) },
        { "01 03 0008 | 01 00000000 0000 | 00", ChainRequest.Echo },
        {
            "01 01 0054 | 01 c0000201 01bb | 01"
            + "01 0007 01 c6336407 c350"
            + "02 000e 03 0a 6f726967696e2e6f7267 01bb"
            + "03 0001 05"
            + "04 0010 00112233445566778899aabbccddeeff"
            + "05 0017 7777772e6578616d706c652e6f72672e696e2e74657374",
            new ChainRequest(ChainCommand.Tcp, At("192.0.2.1:443"), NextHopKind.ChainHop)
            {
                Fields = new ChainFields
                {
                    OriginalSource = Source,
                    OriginalDestination = At("origin.org:443"),
                    HopBudget = 5,
                    TraceId = UInt128.Parse("00112233445566778899aabbccddeeff", System.Globalization.NumberStyles.HexNumber),
                    ServerName = "www.example.org.in.test",
                },
            }
        },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Bytes_and_request_are_the_same_thing(string hex, ChainRequest request)
    {
        var target = new byte[request.LengthBytes];
        Assert.Equal(target.Length, request.Write(target));
        Assert.Equal(Convert.ToHexString(Bytes.FromHex(hex)), Convert.ToHexString(target));
        Assert.Equal(request, Read(Bytes.Join(target, "payload"u8.ToArray()), target.Length));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Every_beginning_of_a_request_needs_more(string hex, ChainRequest request)
    {
        var whole = Bytes.FromHex(hex);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Equal(ReadStatus.NeedMore, ChainRequest.TryRead(whole.AsSpan(0, length), out var consumed, out var early, out var broken));
            Assert.Equal((0, null, ChainRule.None), (consumed, early, broken));
        }

        Assert.Equal(request, Read(whole, whole.Length));
    }

    [Theory]
    [InlineData(ChainRule.UnknownVersion, "00")]
    [InlineData(ChainRule.UnknownVersion, "81")]
    [InlineData(ChainRule.UnknownVersion, "47455420")]
    [InlineData(ChainRule.UnknownCommand, "0100")]
    [InlineData(ChainRule.UnknownCommand, "0104")]
    [InlineData(ChainRule.HeaderTooLong, "010103fd")]
    [InlineData(ChainRule.HeaderTooLong, "0101ffff")]
    [InlineData(ChainRule.AddressCut, "01010000")]
    [InlineData(ChainRule.UnknownAddressType, "01010001 00")]
    [InlineData(ChainRule.UnknownAddressType, "01010008 02 c0000201 01bb 00")]
    [InlineData(ChainRule.AddressCut, "01010006 01 c0000201 01")]
    [InlineData(ChainRule.AddressCut, "01010001 03")]
    [InlineData(ChainRule.AddressCut, "01010004 03 02 6161")]
    [InlineData(ChainRule.AddressCut, "01010012 04 20010db8000000000000000000000001 00")]
    [InlineData(ChainRule.BadName, "01010005 03 00 0050 00")]
    [InlineData(ChainRule.BadName, "01010006 03 01 20 0050 00")]
    [InlineData(ChainRule.BadName, "01010006 03 01 e9 0050 00")]
    [InlineData(ChainRule.BadName, "01010007 03 02 6100 0050 00")]
    [InlineData(ChainRule.BadName, "01010008 03 03 3a3a25 0050 00")]
    [InlineData(ChainRule.PortMissing, "01010008 01 c0000201 0000 00")]
    [InlineData(ChainRule.PortMissing, "01020008 01 c0000201 0000 00")]
    [InlineData(ChainRule.UnknownNextHopKind, "01010007 01 c0000201 01bb")]
    [InlineData(ChainRule.UnknownNextHopKind, "01010008 01 c0000201 01bb 02")]
    [InlineData(ChainRule.FieldCut, "01010009 01 c0000201 01bb 00 03")]
    [InlineData(ChainRule.FieldCut, "0101000b 01 c0000201 01bb 00 03 0001")]
    [InlineData(ChainRule.FieldCut, "0101000c 01 c0000201 01bb 00 63 ffff 00")]
    [InlineData(ChainRule.FieldRepeated, "01010010 01 c0000201 01bb 00 03 0001 05 03 0001 05")]
    [InlineData(ChainRule.BadField, "0101000b 01 c0000201 01bb 00 03 0000")]
    [InlineData(ChainRule.BadField, "0101000d 01 c0000201 01bb 00 03 0002 0505")]
    [InlineData(ChainRule.BadField, "0101000d 01 c0000201 01bb 00 04 0002 0505")]
    [InlineData(ChainRule.BadField, "0101000b 01 c0000201 01bb 00 05 0000")]
    [InlineData(ChainRule.BadField, "0101000c 01 c0000201 01bb 00 05 0001 2f")]
    [InlineData(ChainRule.BadField, "01010013 01 c0000201 01bb 00 01 0008 01 c0000201 01bb 00")]
    [InlineData(ChainRule.BadField, "01010010 01 c0000201 01bb 00 01 0005 03 01 61 0050")]
    [InlineData(ChainRule.BadField, "01010011 01 c0000201 01bb 00 02 0006 01 c0000201 01")]
    public void A_broken_request_is_named_as_soon_as_it_shows(ChainRule rule, string hex)
    {
        Assert.Equal(ReadStatus.Malformed, ChainRequest.TryRead(Bytes.FromHex(hex), out var consumed, out var request, out var broken));
        Assert.Equal((0, null, rule), (consumed, request, broken));
    }

    [Fact]
    public void Fields_of_unknown_types_are_passed_over()
    {
        var request = Read(Bytes.FromHex("01010015 01 c0000201 01bb 00 00 0000 63 0003 010203 03 0001 09"), 25);
        Assert.Equal(new ChainFields { HopBudget = 9 }, request.Fields);
    }

    [Fact]
    public void A_header_of_exactly_the_limit_is_read()
    {
        var padding = ProtocolLimits.ChainRequestBytes - 15;
        var header = Bytes.Join(Bytes.FromHex("010103fc 01 c0000201 01bb 00 c8"), [(byte)(padding >> 8), (byte)padding], new byte[padding]);
        Assert.Equal(ProtocolLimits.ChainRequestBytes, header.Length);
        Assert.Equal(At("192.0.2.1:443"), Read(header, header.Length).Destination);
    }

    [Fact]
    public void The_longest_request_that_can_be_written_is_within_the_limit_and_read_again()
    {
        var label = new string('a', 63);
        var name = string.Join('.', label, label, label, label);
        Assert.Equal(ProtocolLimits.NameBytes, name.Length);
        var longest = new ChainRequest(ChainCommand.Tcp, At($"{name}:65535"), NextHopKind.ChainHop)
        {
            Fields = new ChainFields
            {
                OriginalSource = new IPEndPoint(IPAddress.Parse("2001:db8::ffff"), 65535),
                OriginalDestination = At($"{name}:1"),
                HopBudget = byte.MaxValue,
                TraceId = UInt128.MaxValue,
                ServerName = name,
            },
        };
        var target = new byte[longest.LengthBytes];
        Assert.Equal(target.Length, longest.Write(target));
        Assert.Equal(829, target.Length);
        Assert.Equal(longest, Read(target, target.Length));
    }

    [Fact]
    public void A_server_name_that_is_no_host_name_is_not_written()
    {
        var request = ChainRequest.Echo with { Fields = new ChainFields { ServerName = "not a name\n" } };
        Assert.Equal(ChainRequest.Echo.LengthBytes, request.LengthBytes);
        var target = new byte[request.LengthBytes];
        Assert.Equal(target.Length, request.Write(target));
    }

    [Fact]
    public void Headers_of_several_hops_are_read_one_behind_the_other()
    {
        var hops = new[]
        {
            new ChainRequest(ChainCommand.Tcp, At("hop.test:9000"), NextHopKind.ChainHop),
            new ChainRequest(ChainCommand.Tcp, At("192.0.2.80:80"), NextHopKind.Destination),
        };
        var stream = new byte[hops.Sum(hop => hop.LengthBytes) + 5];
        var end = hops[0].Write(stream);
        end += hops[1].Write(stream.AsSpan(end));
        "hello"u8.CopyTo(stream.AsSpan(end));

        Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(stream, out var first, out var one, out _));
        Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(stream.AsSpan(first), out var second, out var two, out _));
        Assert.Equal(hops, new[] { one, two });
        Assert.Equal("hello", Encoding.ASCII.GetString(stream.AsSpan(first + second)));
    }

    private static ChainRequest Read(byte[] source, int expectedBytes)
    {
        Assert.Equal(ReadStatus.Done, ChainRequest.TryRead(source, out var consumed, out var request, out var broken));
        Assert.Equal((expectedBytes, ChainRule.None), (consumed, broken));
        return request!;
    }

    private static Destination At(string text) => Destination.TryParse(text, out var destination) ? destination : throw new FormatException(text);
}
