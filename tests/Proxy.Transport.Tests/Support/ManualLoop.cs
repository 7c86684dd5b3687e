using System.Net;

namespace Proxy.Transport.Tests.Support;

/// <summary>A loop without sockets whose clock moves only when told; connecting gives a <see cref="ScriptedChannel"/> that the test plays.</summary>
internal sealed class ManualLoop : IIoLoop
{
    private readonly Queue<IThreadPoolWorkItem> _posted = new();
    private readonly DeadlineQueue _deadlines = new();

    public string Name => "manual";

    public bool IsCurrent => true;

    /// <summary>Starts at an odd moment, so that nobody relies on zero.</summary>
    public long NowMicroseconds { get; private set; } = 7_654_321;

    public List<ScriptedChannel> Connects { get; } = [];

    /// <summary>Deadlines that are armed.</summary>
    public int ArmedDeadlines => _deadlines.Count;

    /// <summary>How often any deadline was set.</summary>
    public long DeadlineSettings => _deadlines.Settings;

    public void Post(IThreadPoolWorkItem work) => _posted.Enqueue(work);

    public IDeadline CreateDeadline(Action callback) => _deadlines.Create(callback);

    public IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        var channel = new ScriptedChannel { Handler = handler, RemoteEndPoint = remoteEndPoint };
        Connects.Add(channel);
        return channel;
    }

    public IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler) => throw new NotSupportedException();

    public bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault) =>
        throw new NotSupportedException();

    public bool TryOpenUdp(
        IPEndPoint localEndPoint, IPEndPoint? remoteEndPoint, UdpOptions options, IUdpHandler handler, out IUdpEndpoint endpoint, out TransportFault fault) =>
        throw new NotSupportedException();

    /// <summary>Runs what was posted, until nothing is.</summary>
    public void RunPosted()
    {
        while (_posted.TryDequeue(out var work))
        {
            work.Execute();
        }
    }

    /// <summary>Moves the clock, stopping at each deadline on the way.</summary>
    public void Advance(TimeSpan time)
    {
        RunPosted();
        var end = NowMicroseconds + (long)time.TotalMicroseconds;
        while (_deadlines.NextDueMicroseconds <= end)
        {
            NowMicroseconds = Math.Max(NowMicroseconds, _deadlines.NextDueMicroseconds);
            _deadlines.TryTakeDue(NowMicroseconds, long.MaxValue, out var callback);
            callback();
            RunPosted();
        }

        NowMicroseconds = end;
    }
}
