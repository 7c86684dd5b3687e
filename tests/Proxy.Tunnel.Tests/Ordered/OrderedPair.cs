using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;
using Proxy.Tunnel.Tests.Native;

namespace Proxy.Tunnel.Tests.Ordered;

/// <summary>Two engines, and a pipe each way that takes so much at once and gives it out after a delay, cut anywhere.</summary>
internal sealed class OrderedPair : IDisposable
{
    private readonly Pipe _fromClient;
    private readonly Pipe _fromServer;

    public OrderedPair(NativeTunnelSettings? settings = null, int seed = 1, int pipeBytes = 64 * 1024, long delayMicroseconds = 1000)
    {
        var random = new Random(seed);
        Client = new OrderedSide(TunnelRole.Client, settings, random.Next());
        Server = new OrderedSide(TunnelRole.Server, settings, random.Next());
        _fromClient = new Pipe(Client, Server, random, pipeBytes, delayMicroseconds);
        _fromServer = new Pipe(Server, Client, random, pipeBytes, delayMicroseconds);
        Settle();
    }

    public OrderedSide Client { get; }

    public OrderedSide Server { get; }

    public long Now { get; private set; } = NativeSide.Begin;

    /// <summary>Called at every moment, when all of it has happened.</summary>
    public Action OnMoment { get; set; } = () => { };

    /// <summary>Whether the pipes give nothing out.</summary>
    public bool IsCut { get; set; }

    /// <summary>Bytes that the client has sent and the server has not received.</summary>
    public long BytesFromClient => _fromClient.Bytes;

    public void Settle()
    {
        if (!IsCut)
        {
            _fromClient.Deliver(Now);
            _fromServer.Deliver(Now);
        }

        Client.Flush(bytes => _fromClient.Send(bytes, Now), Now);
        Server.Flush(bytes => _fromServer.Send(bytes, Now), Now);
        OnMoment();
    }

    public void DriveFor(double seconds)
    {
        var end = Now + (long)(seconds * 1_000_000);
        Settle();
        while (NextMoment() is { } next && next <= end)
        {
            MoveTo(next);
        }

        Now = end;
    }

    public void DriveUntil(Func<bool> condition, double boundSeconds = 60)
    {
        var end = Now + (long)(boundSeconds * 1_000_000);
        Settle();
        while (!condition())
        {
            var next = NextMoment();
            Assert.True(next <= end, $"Not reached within {boundSeconds} s. Client: {Client.ClosedText}. Server: {Server.ClosedText}.");
            MoveTo(next!.Value);
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private void MoveTo(long moment)
    {
        Now = moment;
        foreach (var side in new[] { Client, Server })
        {
            if (side.Engine.NextDeadlineMicroseconds(Now - 1) is { } due && due <= Now)
            {
                side.Engine.HandleDeadline(Now);
            }
        }

        Settle();
    }

    private long? NextMoment()
    {
        var next = Math.Min(Client.Engine.NextDeadlineMicroseconds(Now) ?? long.MaxValue, Server.Engine.NextDeadlineMicroseconds(Now) ?? long.MaxValue);
        if (!IsCut)
        {
            next = Math.Min(next, Math.Min(_fromClient.NextMicroseconds, _fromServer.NextMicroseconds));
        }

        Assert.True(next > Now);
        return next == long.MaxValue ? null : next;
    }

    private sealed class Pipe(OrderedSide from, OrderedSide to, Random random, int capacity, long delayMicroseconds)
    {
        private readonly Queue<(long At, byte[] Bytes)> _pieces = new();

        public long Bytes { get; private set; }

        public long NextMicroseconds => _pieces.TryPeek(out var piece) ? piece.At : long.MaxValue;

        public void Send(ReadOnlySpan<byte> bytes, long now)
        {
            Bytes += bytes.Length;
            while (!bytes.IsEmpty)
            {
                var part = bytes[..random.Next(1, bytes.Length + 1)];
                _pieces.Enqueue((now + delayMicroseconds, part.ToArray()));
                bytes = bytes[part.Length..];
            }

            if (Bytes >= capacity)
            {
                from.Engine.SetBlocked(true, now);
            }
        }

        public void Deliver(long now)
        {
            while (_pieces.TryPeek(out var piece) && piece.At <= now)
            {
                _pieces.Dequeue();
                Bytes -= piece.Bytes.Length;
                to.Engine.HandleBytes(piece.Bytes, now);
                if (Bytes < capacity)
                {
                    from.Engine.SetBlocked(false, now);
                }
            }
        }
    }
}
