using System.Net;
using System.Security.Cryptography;

namespace Proxy.Transport.Tests.Contract;

/// <summary>
/// What every backend of <see cref="IIoLoop"/> keeps. A backend's tests derive from it and give an environment; the files beside this one
/// hold the cases.
/// </summary>
public abstract partial class IoLoopContract : IDisposable
{
    private readonly IoLoopEnvironment _environment;

    protected IoLoopContract(IoLoopEnvironment environment)
    {
        _environment = environment;
    }

    private IIoLoop First => _environment.First;

    private IIoLoop Second => _environment.Second;

    public void Dispose()
    {
        _environment.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Until(Func<bool> condition, string what) => _environment.Until(condition, what);

    private IListener Listen(IIoLoop loop, IAcceptHandler handler) => _environment.Run(loop, () =>
    {
        Assert.True(loop.TryListen(_environment.AnyPortOf(loop), TcpOptions.Default, handler, out var listener, out var fault), fault.Text);
        return listener;
    });

    /// <summary>Two ends of one connection: the client on the first loop, the server on <paramref name="serverLoop"/>. Both are paused.</summary>
    private ChannelPair Connect(RecordingChannelHandler? server = null, IIoLoop? serverLoop = null)
    {
        var (client, accepting) = (new RecordingChannelHandler(), new RecordingAcceptHandler());
        server ??= new RecordingChannelHandler();
        serverLoop ??= Second;
        var listener = Listen(serverLoop, accepting);
        var clientChannel = _environment.Run(First, () => First.Connect(listener.LocalEndPoint, TcpOptions.Default, client));
        Until(() => client.IsConnected && accepting.Accepted.Count == 1, "the connection is made on both sides");
        var serverChannel = _environment.Run(serverLoop, () =>
        {
            listener.Close();
            return serverLoop.Adopt(accepting.Accepted[0], server);
        });
        _environment.UntilReady(clientChannel, serverChannel);
        return new ChannelPair(_environment, First, clientChannel, client, serverLoop, serverChannel, server);
    }

    private static byte[] RandomBytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void AssertSame(byte[] expected, byte[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.Equal(Convert.ToHexString(SHA256.HashData(expected)), Convert.ToHexString(SHA256.HashData(actual)));
    }

    private static IPEndPoint Endpoint(EndPoint? endPoint) => Assert.IsType<IPEndPoint>(endPoint);

    private sealed record ChannelPair(
        IoLoopEnvironment Environment,
        IIoLoop ClientLoop,
        IChannel Client,
        RecordingChannelHandler ClientEvents,
        IIoLoop ServerLoop,
        IChannel Server,
        RecordingChannelHandler ServerEvents)
    {
        public void OnClient(Action<IChannel> action) => Environment.Run(ClientLoop, () => action(Client));

        public void OnServer(Action<IChannel> action) => Environment.Run(ServerLoop, () => action(Server));

        public void ResumeBoth()
        {
            OnClient(channel => channel.ResumeReceive());
            OnServer(channel => channel.ResumeReceive());
        }
    }
}
