using System.Text;
using Proxy.TestKit;
using Proxy.Transport;
using Proxy.Transport.Tls;

namespace Proxy.Actors.Tests;

/// <summary>An application that speaks TLS under virtual time; what it says before goes out in the clear.</summary>
internal sealed class TlsApplication : IChannelHandler
{
    private readonly SimulatedLoop _loop;
    private TlsChannel _channel = null!;

    private TlsApplication(SimulatedLoop loop)
    {
        _loop = loop;
    }

    public string Text { get; private set; } = "";

    public bool IsConnected { get; private set; }

    public bool HasSeenEnd { get; private set; }

    public TransportFault? Fault { get; private set; }

    public static TlsApplication Connect(RelayRig rig, TlsClient client, string inTheClear = "")
    {
        var application = new TlsApplication(rig.ApplicationLoop);
        var opening = new Opening();
        var raw = rig.ApplicationLoop.Run(() => rig.ApplicationLoop.Connect(RelayRig.Frontend, TcpOptions.Default, opening));
        rig.Until(() => opening.IsConnected);
        rig.ApplicationLoop.Run(() =>
        {
            raw.Send(Encoding.ASCII.GetBytes(inTheClear));
            var settings = TlsSettings.Default with { Offload = rig.ApplicationLoop.Post };
            application._channel = new TlsChannel(rig.ApplicationLoop, raw, client, settings, application);
            application._channel.ResumeReceive();
            application._channel.Start();
        });
        return application;
    }

    public void Send(string text) => _loop.Run(() => { _channel.Send(Encoding.ASCII.GetBytes(text)); });

    public void Finish() => _loop.Run(() => _channel.ShutdownSend());

    public void Close() => _loop.Run(() => _channel.Close());

    public void OnConnected(IChannel channel) => IsConnected = true;

    public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => Text += Encoding.ASCII.GetString(bytes);

    public void OnEndOfStream(IChannel channel) => HasSeenEnd = true;

    public void OnSendDrained(IChannel channel)
    {
        // It sends what it sends.
    }

    public void OnFailed(IChannel channel, TransportFault fault) => Fault = fault;

    private sealed class Opening : IChannelHandler
    {
        public bool IsConnected { get; private set; }

        public void OnConnected(IChannel channel) => IsConnected = true;

        public void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => throw new InvalidOperationException();

        public void OnEndOfStream(IChannel channel) => throw new InvalidOperationException();

        public void OnSendDrained(IChannel channel)
        {
            // The header has gone.
        }

        public void OnFailed(IChannel channel, TransportFault fault) => throw new InvalidOperationException(fault.Text);
    }
}
