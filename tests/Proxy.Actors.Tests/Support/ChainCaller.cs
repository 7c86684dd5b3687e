using System.Net;
using System.Text;
using Proxy.Protocol.Chains;
using Proxy.Protocol.Sealing;
using Proxy.Simulation.Tests;
using Proxy.TestKit;

namespace Proxy.Actors.Tests;

/// <summary>Who calls through a chain, with nothing but a socket.</summary>
internal sealed class ChainCaller
{
    private readonly ChainCall _call;
    private readonly List<byte> _payload = [];
    private int _taken;

    private ChainCaller(ScriptedSocket socket, ChainCall call)
    {
        (Socket, _call) = (socket, call);
    }

    public ScriptedSocket Socket { get; }

    /// <summary>What is behind the answers of the hops.</summary>
    public string Text
    {
        get
        {
            Take();
            return Encoding.ASCII.GetString([.. _payload]);
        }
    }

    public ChainFailure? Failure
    {
        get
        {
            Take();
            return _call.Failure;
        }
    }

    public static ChainCaller Start(SimulatedWorld world, SimulatedLoop loop, IPEndPoint hop, ChainPath path, IRandomBytes salts, string payload = "")
    {
        var call = new ChainCall(path, salts, world.Time.GetUtcNow().ToUnixTimeMilliseconds());
        var socket = ScriptedSocket.Connect(loop, hop);
        world.RunUntil(() => socket.IsConnected, TimeSpan.FromSeconds(1));
        socket.Send([.. call.Headers.Span, .. Encoding.ASCII.GetBytes(payload)]);
        return new ChainCaller(socket, call);
    }

    private void Take()
    {
        var bytes = Socket.Received.Skip(_taken).ToArray();
        _taken += bytes.Length;
        _payload.AddRange(_call.Take(bytes));
    }
}
