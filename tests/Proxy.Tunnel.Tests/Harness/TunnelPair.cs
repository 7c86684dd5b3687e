using Proxy.Protocol.Tunnels;

namespace Proxy.Tunnel.Tests;

/// <summary>A client engine and a server engine. Disposing asserts that every buffer went back.</summary>
internal sealed class TunnelPair : Conversation
{
    private TunnelPair(TunnelSide client, TunnelSide server, Random random)
        : base(client, server, random)
    {
        Client = client;
        Server = server;
    }

    public TunnelSide Client { get; }

    public TunnelSide Server { get; }

    public SimulatedLink ToServer => FromLeft;

    public SimulatedLink ToClient => FromRight;

    /// <summary>Made, nothing sent.</summary>
    public static TunnelPair Create(TunnelSettings? settings = null, TunnelSettings? serverSettings = null, Random? random = null)
    {
        settings ??= TunnelSettings.Default;
        return new TunnelPair(
            new TunnelSide(TunnelRole.Client, settings),
            new TunnelSide(TunnelRole.Server, serverSettings ?? settings),
            random ?? new Random(1));
    }

    /// <summary>With the handshake done.</summary>
    public static TunnelPair Ready(TunnelSettings? settings = null, TunnelSettings? serverSettings = null, Random? random = null)
    {
        var pair = Create(settings, serverSettings, random);
        pair.Start();
        pair.DriveUntil(() => pair.Client.ReadyCount == 1 && pair.Server.ReadyCount == 1);
        pair.DriveFor(0.5);
        return pair;
    }

    public void Start()
    {
        Client.Engine.Start();
        Server.Engine.Start();
    }

    /// <summary>Opens a stream and waits for both ends to know it.</summary>
    public int Open()
    {
        var id = Client.Open();
        DriveUntil(() => Server.Streams.ContainsKey(id) && Client.Streams[id].IsOpen);
        return id;
    }
}
