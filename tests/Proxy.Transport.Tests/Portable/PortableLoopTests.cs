using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Transport.Portable;
using Proxy.Transport.Tests.Contract;
using Proxy.Transport.Tests.Support;

namespace Proxy.Transport.Tests.Portable;

public sealed class PortableLoopTests() : LoopbackLoopTests(LoopBackendKind.Portable);

public sealed class PortableAllocationTests() : LoopbackAllocationTests(LoopBackendKind.Portable);

public sealed class PortableUdpEndpointTests : IDisposable
{
    private readonly RecordingLogger _logger = new();
    private readonly LoopbackEnvironment _environment;

    public PortableUdpEndpointTests()
    {
        _environment = new LoopbackEnvironment(LoopBackendKind.Portable, IPAddress.Loopback, new LoopSettings { Logger = _logger });
    }

    private IIoLoop First => _environment.First;

    [Fact]
    public void A_receive_buffer_smaller_than_asked_is_known_and_warned_of()
    {
        var asked = UdpOptions.Default with { ReceiveBufferBytes = 1 << 30 };
        var endpoint = _environment.Run(First, () =>
        {
            Assert.True(First.TryOpenUdp(_environment.AnyPortOf(First), null, asked, new RecordingUdpHandler(), out var opened, out _));
            return Assert.IsType<PortableUdpEndpoint>(opened);
        });

        Assert.InRange(endpoint.GrantedReceiveBufferBytes, 1, (1 << 30) - 1);
        Assert.Contains(_logger.Lines, line => line.Level == LogLevel.Warning && line.Text.Contains("receive buffer", StringComparison.Ordinal));
    }

    public void Dispose() => _environment.Dispose();
}
