using Proxy.Transport.Epoll;

namespace Proxy.Transport.Tests.Epoll;

public sealed class ErrnoTests
{
    [Theory]
    [InlineData(0, TransportFaultKind.None)]
    [InlineData(104, TransportFaultKind.Reset)]
    [InlineData(32, TransportFaultKind.Reset)]
    [InlineData(111, TransportFaultKind.Refused)]
    [InlineData(113, TransportFaultKind.Unreachable)]
    [InlineData(101, TransportFaultKind.Unreachable)]
    [InlineData(110, TransportFaultKind.TimedOut)]
    [InlineData(98, TransportFaultKind.AddressInUse)]
    [InlineData(99, TransportFaultKind.AddressNotAvailable)]
    [InlineData(13, TransportFaultKind.AddressNotAvailable)]
    [InlineData(24, TransportFaultKind.Exhausted)]
    [InlineData(105, TransportFaultKind.Exhausted)]
    [InlineData(9, TransportFaultKind.Other)]
    public void Error_numbers_become_kinds(int errno, TransportFaultKind kind) => Assert.Equal(kind, Errno.KindOf(errno));

    [Theory]
    [InlineData(0, UdpSendStatus.Sent)]
    [InlineData(11, UdpSendStatus.WouldBlock)]
    [InlineData(111, UdpSendStatus.Refused)]
    [InlineData(101, UdpSendStatus.Unreachable)]
    [InlineData(90, UdpSendStatus.TooLarge)]
    [InlineData(22, UdpSendStatus.Failed)]
    public void A_sender_of_datagrams_is_told_in_its_own_words(int errno, UdpSendStatus status) => Assert.Equal(status, Errno.ToSendStatus(errno));

    [Fact]
    public void A_fault_has_the_words_of_the_system() => Assert.Contains("refused", Errno.ToFault(111).Text, StringComparison.OrdinalIgnoreCase);
}
