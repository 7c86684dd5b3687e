using System.Net;
using Proxy.TestKit;
using Proxy.Transport;

namespace Proxy.Simulation.Tests;

/// <summary>A UDP socket that keeps what it hears, and answers it if it is told how.</summary>
public sealed class UdpPeer : IUdpHandler
{
    private readonly SimulatedLoop _loop;
    private readonly IUdpEndpoint _endpoint;

    public UdpPeer(SimulatedLoop loop, int port)
    {
        _loop = loop;
        _endpoint = loop.Run(() => loop.TryOpenUdp(new IPEndPoint(IPAddress.Any, port), null, UdpOptions.Default, this, out var endpoint, out var fault)
            ? endpoint
            : throw new InvalidOperationException(fault.Text));
    }

    public Func<byte[], byte[]?> Answer { get; init; } = _ => null;

    public List<(byte[] Bytes, UdpAddress From)> Heard { get; } = [];

    public void Send(IPEndPoint to, byte[] datagram) =>
        _loop.Run(() => _endpoint.Send(datagram, Math.Max(1, datagram.Length), UdpAddress.From(to)));

    public void Close() => _loop.Run(_endpoint.Close);

    void IUdpHandler.OnDatagrams(IUdpEndpoint endpoint, Span<byte> datagrams, int segmentSizeBytes, in UdpAddress from)
    {
        for (var start = 0; start < datagrams.Length; start += segmentSizeBytes)
        {
            var datagram = datagrams[start..Math.Min(datagrams.Length, start + segmentSizeBytes)].ToArray();
            Heard.Add((datagram, from));
            if (Answer(datagram) is { } answer)
            {
                endpoint.Send(answer, Math.Max(1, answer.Length), from);
            }
        }
    }

    void IUdpHandler.OnReceiveTurnEnded(IUdpEndpoint endpoint)
    {
    }

    void IUdpHandler.OnSendRefused(IUdpEndpoint endpoint, TransportFault fault)
    {
    }
}
