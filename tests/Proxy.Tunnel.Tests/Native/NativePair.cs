using System.Buffers;
using Proxy.Protocol.Tunnels;
using Proxy.Tunnel.Native;

namespace Proxy.Tunnel.Tests.Native;

/// <summary>
/// Two native engines, a link each way and a clock that moves when told: to whatever comes next, where what has arrived is handled and what is
/// due is sent.
/// </summary>
internal sealed class NativePair : IDisposable
{
    public static readonly PathAddress ClientAddress = new(1, 1111);
    public static readonly PathAddress ServerAddress = new(2, 2222);

    public NativePair(
        NativeTunnelSettings? client = null, NativeTunnelSettings? server = null, int seed = 1, ArrayPool<byte>? pool = null)
    {
        var random = new Random(seed);
        Client = new NativeSide(TunnelRole.Client, client, new Random(random.Next()), ServerAddress, pool) { Address = ClientAddress };
        Server = new NativeSide(TunnelRole.Server, server ?? client, new Random(random.Next()), ClientAddress, pool) { Address = ServerAddress };
        FromClient = new NativeLink(new Random(random.Next()));
        FromServer = new NativeLink(new Random(random.Next()));
        Client.Engine.Start();
        Server.Engine.Start();
    }

    public NativeSide Client { get; }

    public NativeSide Server { get; }

    public NativeLink FromClient { get; }

    public NativeLink FromServer { get; }

    public IReadOnlyList<NativeLink> Links => [FromClient, FromServer];

    public long Now { get; private set; } = NativeSide.Begin;

    public double Seconds => (Now - NativeSide.Begin) / 1_000_000.0;

    /// <summary>Called at every moment, when all of it has happened.</summary>
    public Action OnMoment { get; set; } = () => { };

    /// <summary>Both ways alike.</summary>
    public NativePair WithLink(Action<NativeLink> set)
    {
        set(FromClient);
        set(FromServer);
        return this;
    }

    /// <summary>The link as performance is asked for: megabits each way, a round trip, losses behind the bottleneck.</summary>
    public NativePair WithPath(double megabits, double roundTripMilliseconds, double lossRate) => WithLink(link =>
    {
        link.Bottleneck.BytesPerSecond = megabits * 125_000;
        link.DelayMicroseconds = (long)(roundTripMilliseconds * 500);
        link.LossRate = lossRate;
    });

    public void Settle()
    {
        var rounds = 0;
        do
        {
            Pass(FromServer, Client, ServerAddress);
            Pass(FromClient, Server, Client.Address);
            Client.Flush((datagram, _) => FromClient.Send(datagram.Span, Now), Now);
            Server.Flush(SendFromServer, Now);
            Assert.True(++rounds < 10_000, "The moment does not end.");
        }
        while (FromClient.NextArrivalMicroseconds <= Now || FromServer.NextArrivalMicroseconds <= Now);
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

    /// <summary>Runs until the condition holds; fails when that takes longer than the bound.</summary>
    public void DriveUntil(Func<bool> condition, double boundSeconds = 60)
    {
        var end = Now + (long)(boundSeconds * 1_000_000);
        Settle();
        while (!condition())
        {
            var next = NextMoment();
            Assert.True(
                next <= end,
                $"Not reached within {boundSeconds} s, at {Seconds} s; next comes {(next - NativeSide.Begin) / 1e6} s."
                + $"\n{Client.Engine.NativeStatistics}\n{Server.Engine.NativeStatistics}");
            MoveTo(next!.Value);
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }

    private void SendFromServer(ReadOnlyMemory<byte> datagram, PathAddress to)
    {
        // Nobody is where the client is not.
        if (to == Client.Address)
        {
            FromServer.Send(datagram.Span, Now);
        }
    }

    private void Pass(NativeLink link, NativeSide side, PathAddress from)
    {
        while (link.TryReceive(Now, out var datagram))
        {
            side.Handle(datagram, from, Now);
            link.Recycle(datagram);
        }
    }

    /// <summary>To that moment, at which something happens or another does.</summary>
    public void MoveTo(long moment)
    {
        Now = moment;
        HandleDeadline(Client);
        HandleDeadline(Server);
        Settle();
    }

    private void HandleDeadline(NativeSide side)
    {
        if (side.Engine.NextDeadlineMicroseconds(Now - 1) is { } due && due <= Now)
        {
            side.Engine.HandleDeadline(Now);
        }
    }

    /// <summary>When something happens next; null: never.</summary>
    public long? NextMoment()
    {
        var next = Math.Min(
            Math.Min(Future(Client), Future(Server)),
            Math.Min(FromClient.NextArrivalMicroseconds ?? long.MaxValue, FromServer.NextArrivalMicroseconds ?? long.MaxValue));
        return next == long.MaxValue ? null : next;
    }

    private long Future(NativeSide side)
    {
        var deadline = side.Engine.NextDeadlineMicroseconds(Now) ?? long.MaxValue;
        Assert.True(deadline > Now, "A deadline right after a flush must lie ahead.");
        return deadline;
    }
}
