using System.Net;

namespace Proxy.Transport;

/// <summary>
/// What a listening socket is whatever the backend. When accepting fails it pauses, twice as long each time, and tries again; who waits
/// meanwhile is served then.
/// </summary>
internal abstract class TcpListener : IListener, IDisposable
{
    private readonly IAcceptHandler _handler;
    private readonly IDeadline _retry;
    private AcceptPause _pause;

    protected TcpListener(RunLoop loop, IPEndPoint localEndPoint, IAcceptHandler handler)
    {
        (Loop, LocalEndPoint, _handler) = (loop, localEndPoint, handler);
        _retry = loop.CreateDeadline(Accept);
        loop.Counters.OpenListeners++;
    }

    public IPEndPoint LocalEndPoint { get; }

    protected RunLoop Loop { get; }

    protected bool IsClosed { get; private set; }

    /// <summary>Whether the last try to accept failed, and the next is a moment away.</summary>
    protected bool IsPaused => _pause != default;

    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        _retry.Cancel();
        Loop.Counters.OpenListeners--;
        CloseSocket();
    }

    public void Dispose() => Close();

    /// <summary>Accepts, now that the pause is over.</summary>
    protected abstract void Accept();

    /// <summary>Lets go of the socket; nothing is accepted any more.</summary>
    protected abstract void CloseSocket();

    /// <summary>Accepting works.</summary>
    protected void EndPause() => _pause = default;

    /// <summary>Accepting failed, or must not go on: <see cref="Accept"/> is called again after a pause.</summary>
    protected void Pause(TransportFault fault)
    {
        if (IsClosed)
        {
            return;
        }

        _pause = _pause.Longer();
        _retry.Set(Loop.NowMicroseconds + _pause.Microseconds);
        try
        {
            _handler.OnAcceptFailed(fault);
        }
        catch (Exception failure)
        {
            Loop.ReportFailure(failure);
        }
    }

    protected void Hand(IAcceptedConnection connection)
    {
        try
        {
            _handler.OnAccepted(connection);
        }
        catch (Exception failure)
        {
            Loop.ReportFailure(failure);
            connection.Refuse();
        }
    }
}
