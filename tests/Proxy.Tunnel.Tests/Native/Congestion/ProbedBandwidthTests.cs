using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native.Congestion;

public sealed class ProbedBandwidthTests
{
    private const long RoundTrip = 200_000;

    private readonly ProbedBandwidth _bandwidth = new();

    [Fact]
    public void What_was_measured_is_forgotten_after_ten_round_trips()
    {
        _bandwidth.Add(2_000, isProbing: false, RoundTrip, 0);
        for (var round = 1; round <= 9; round++)
        {
            _bandwidth.Add(1_000, isProbing: false, RoundTrip, round * RoundTrip);
            Assert.Equal(2_000, _bandwidth.Value);
        }

        _bandwidth.Add(1_000, isProbing: false, RoundTrip, 10 * RoundTrip);
        Assert.Equal(1_000, _bandwidth.Value);
    }

    [Fact]
    public void What_a_probe_found_holds_nearly_until_the_next()
    {
        _bandwidth.Add(2_000, isProbing: true, RoundTrip, 0);
        _bandwidth.EndProbe();
        for (var round = 1; round <= 100; round++)
        {
            _bandwidth.Add(1_000, isProbing: false, RoundTrip, round * RoundTrip);
        }

        Assert.Equal(1_940, _bandwidth.Value);
        _bandwidth.EndProbe();
        Assert.Equal(1_000, _bandwidth.Value);
    }

    [Fact]
    public void Nothing_above_a_cap_is_believed()
    {
        _bandwidth.Add(2_000, isProbing: true, RoundTrip, 0);
        _bandwidth.EndProbe();
        _bandwidth.Cap(500);
        Assert.Equal(500, _bandwidth.Value);
    }
}
