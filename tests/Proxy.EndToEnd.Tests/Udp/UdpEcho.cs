using System.Net;
using System.Net.Sockets;

namespace Proxy.EndToEnd.Tests.Udp;

/// <summary>A UDP server that sends back what it hears.</summary>
internal sealed class UdpEcho : IDisposable
{
    private readonly UdpClient _socket;
    private readonly CancellationTokenSource _end = new();

    /// <summary>On a free port of 127.0.0.1.</summary>
    public UdpEcho()
        : this(new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
    {
    }

    public UdpEcho(UdpClient socket)
    {
        _socket = socket;
        _ = RunAsync();
    }

    public IPEndPoint Address => (IPEndPoint)_socket.Client.LocalEndPoint!;

    public void Dispose()
    {
        _end.Cancel();
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var heard = await _socket.ReceiveAsync(_end.Token);
                await _socket.SendAsync(heard.Buffer, heard.RemoteEndPoint, _end.Token);
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }
}
