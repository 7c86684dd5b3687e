namespace Proxy.Transport;

/// <summary>What is set on a UDP socket before it is used.</summary>
public sealed record UdpOptions
{
    public static readonly UdpOptions Default = new();

    /// <summary>Whether strangers are awaited there, so that a successor of this process gets the socket (<see cref="LoopSettings.Listening"/>).</summary>
    public bool IsListening { get; init; }

    /// <summary>Receive buffer asked of the kernel. 4 MiB: a tunnel's window must fit, for loopback drops without a word.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Send buffer asked of the kernel.</summary>
    public int SendBufferBytes { get; init; } = 4 << 20;
}
