namespace Proxy.Transport.Tests.Contract;

/// <summary>Sends back what it receives, under back-pressure, and ends after its peer.</summary>
public sealed class EchoHandler : RecordingChannelHandler
{
    public override void OnReceived(IChannel channel, ReadOnlySpan<byte> bytes)
    {
        base.OnReceived(channel, bytes);
        if (!channel.Send(bytes))
        {
            channel.PauseReceive();
        }
    }

    public override void OnSendDrained(IChannel channel)
    {
        base.OnSendDrained(channel);
        channel.ResumeReceive();
    }

    public override void OnEndOfStream(IChannel channel)
    {
        base.OnEndOfStream(channel);
        channel.Close();
    }
}
