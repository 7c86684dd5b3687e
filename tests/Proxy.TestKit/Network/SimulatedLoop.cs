using System.Net;
using System.Runtime.ExceptionServices;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>
/// An I/O loop of a <see cref="SimulatedHost"/>: its work is first in, first out, one item per turn; among loops the world's ready queue
/// chooses. Holds its users to the contract: a call from outside its turns throws, and a span that a handler kept shows
/// <see cref="StaleByte"/> afterwards.
/// </summary>
public sealed class SimulatedLoop : IIoLoop, IThreadPoolWorkItem
{
    /// <summary>What the loop's buffer is filled with once a handler has returned.</summary>
    public const byte StaleByte = 0xDD;

    /// <summary>Most bytes of one delivery: a GRO batch, and the read size of the real loops.</summary>
    internal const int ReceiveBufferBytes = 64 * 1024;

    private static readonly TransportFault HostIsDown = new(TransportFaultKind.Unreachable, "the host has crashed");

    private readonly Lock _lock = new();
    private readonly Queue<IThreadPoolWorkItem> _work = new();
    private readonly byte[] _receiveBuffer = new byte[ReceiveBufferBytes];
    private readonly int _number;
    private bool _isScheduled;
    private bool _isDead;
    private int _threadId;

    internal SimulatedLoop(SimulatedWorld world, SimulatedHost host, string name, int number)
    {
        World = world;
        Host = host;
        Name = name;
        _number = number;
    }

    public SimulatedWorld World { get; }

    public SimulatedHost Host { get; }

    public string Name { get; }

    public bool IsCurrent => ReferenceEquals(World.CurrentLoop, this) && _threadId == Environment.CurrentManagedThreadId;

    /// <summary>The world's virtual time since its start.</summary>
    public long NowMicroseconds => World.Time.Elapsed.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>Counted as the real loops count; slow turns are none, for a turn takes no virtual time.</summary>
    public LoopCounters Counters { get; } = new();

    /// <summary>Whether its host has crashed; the turn in which that happened runs to its end, and what it still asks for comes to nothing.</summary>
    internal bool IsDead => _isDead;

    internal Span<byte> ReceiveBuffer => _receiveBuffer;

    public void Post(IThreadPoolWorkItem work)
    {
        lock (_lock)
        {
            if (_isDead)
            {
                return;
            }

            _work.Enqueue(work);
            if (_isScheduled)
            {
                return;
            }

            _isScheduled = true;
        }

        World.Ready.Execute(this);
    }

    public void Post(Action action) => Post(new ActionWork(action));

    /// <summary>Runs <paramref name="action"/> in a turn of this loop, now, and throws what it threw: for a test outside of any turn.</summary>
    public void Run(Action action)
    {
        var isDone = false;
        ExceptionDispatchInfo? failure = null;
        Post(() =>
        {
            try
            {
                action();
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }

            isDone = true;
        });
        World.RunUntil(() => isDone, TimeSpan.Zero);
        failure?.Throw();
    }

    /// <inheritdoc cref="Run(Action)"/>
    public T Run<T>(Func<T> function)
    {
        var result = default(T)!;
        Run(() => { result = function(); });
        return result;
    }

    public IDeadline CreateDeadline(Action callback)
    {
        RequireCurrent();
        return new SimulatedDeadline(this, callback);
    }

    public bool TryListen(IPEndPoint localEndPoint, TcpOptions options, IAcceptHandler handler, out IListener listener, out TransportFault fault)
    {
        RequireCurrent();
        var created = new SimulatedListener(this, options, handler);
        listener = created;
        fault = HostIsDown;
        return !_isDead && Host.TryListen(localEndPoint, created, out fault);
    }

    public IChannel Connect(IPEndPoint remoteEndPoint, TcpOptions options, IChannelHandler handler)
    {
        RequireCurrent();
        var socket = Host.CreateClientSocket(remoteEndPoint, options);
        var channel = new SimulatedChannel(this, socket, handler, isConnecting: true);
        if (_isDead)
        {
            Host.Remove(socket);
            socket.Vanish();
        }
        else
        {
            socket.Connect();
        }

        return channel;
    }

    public IChannel Adopt(IAcceptedConnection connection, IChannelHandler handler)
    {
        RequireCurrent();
        if (connection is not SimulatedAcceptedConnection accepted || !ReferenceEquals(accepted.Host, Host))
        {
            throw new ArgumentException("Only a connection that a listener of the same host accepted can be adopted.", nameof(connection));
        }

        return new SimulatedChannel(this, accepted.Take(), handler, isConnecting: false);
    }

    public bool TryOpenUdp(
        IPEndPoint localEndPoint,
        IPEndPoint? remoteEndPoint,
        UdpOptions options,
        IUdpHandler handler,
        out IUdpEndpoint endpoint,
        out TransportFault fault)
    {
        RequireCurrent();
        var created = new SimulatedUdpEndpoint(this, remoteEndPoint, options, handler);
        endpoint = created;
        fault = HostIsDown;
        return !_isDead && Host.TryOpenUdp(localEndPoint, created, options.SharePort, out fault);
    }

    public override string ToString() => $"{Host.Name}/{Name}";

    void IThreadPoolWorkItem.Execute()
    {
        IThreadPoolWorkItem work;
        lock (_lock)
        {
            if (_isDead)
            {
                return;
            }

            work = _work.Dequeue();
        }

        World.Trace.Record(TraceKind.Turn, Host, _number);
        Counters.Turns++;
        var outer = World.CurrentLoop;
        World.CurrentLoop = this;
        _threadId = Environment.CurrentManagedThreadId;
        try
        {
            work.Execute();
        }
        catch (Exception failure)
        {
            ReportFailure(failure);
        }
        finally
        {
            World.CurrentLoop = outer;
            Reschedule();
        }
    }

    /// <summary>A handler threw: counted here as the contract wants it, and told to whoever runs the world.</summary>
    internal void ReportFailure(Exception failure)
    {
        Counters.HandlerFailures++;
        World.ReportFailure(failure);
    }

    /// <summary>The host crashed: nothing runs here any more.</summary>
    internal void Kill()
    {
        lock (_lock)
        {
            _isDead = true;
            _work.Clear();
        }
    }

    internal void RequireCurrent()
    {
        if (!IsCurrent)
        {
            throw new InvalidOperationException($"{this} was called from outside its turns; the contract allows only Post from there.");
        }
    }

    private void Reschedule()
    {
        lock (_lock)
        {
            _isScheduled = !_isDead && _work.Count > 0;
            if (!_isScheduled)
            {
                return;
            }
        }

        World.Ready.Execute(this);
    }

    private sealed class ActionWork(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
