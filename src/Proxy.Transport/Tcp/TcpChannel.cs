using System.Net;

namespace Proxy.Transport;

/// <summary>
/// What a TCP connection is whatever the backend: its phases, its ends, what it keeps, and whom it tells. A backend adds how bytes are read
/// and sent, and how its socket is closed. The files beside this one hold its directions and its end.
/// </summary>
internal abstract partial class TcpChannel : IChannel, IThreadPoolWorkItem, IDisposable
{
    private readonly RunLoop _loop;
    private IChannelHandler _handler;
    private bool _isTurnPosted;

    // Found inside a call into the channel, told in the next turn.
    private TransportFault? _untoldFault;

    protected TcpChannel(RunLoop loop, IChannelHandler handler, ChannelPhase phase)
    {
        (_loop, _handler, Phase) = (loop, handler, phase);
        Kept = new KeptBytes(loop.Settings.Pool);
        loop.Counters.OpenChannels++;
    }

    protected enum ChannelPhase : byte
    {
        Connecting,
        Open,

        /// <summary>Closed by its owner: kept bytes and the FIN go out, nobody is told anything any more.</summary>
        Lingering,

        /// <summary>The socket is closed.</summary>
        Gone,
    }

    public IChannelHandler Handler
    {
        get => _handler;
        set
        {
            OnHandlerLeaves();
            _handler = value;
        }
    }

    public EndPoint? RemoteEndPoint { get; protected init; }

    public abstract EndPoint? LocalEndPoint { get; }

    protected ChannelPhase Phase { get; private set; }

    /// <summary>Whether there is a fault that is told in the next turn; nothing is to be sent any more.</summary>
    protected bool HasUntoldFault => _untoldFault is not null;

    /// <summary>A turn that was asked for by a command: tells a fault, goes on lingering, or reads.</summary>
    public void Execute()
    {
        _isTurnPosted = false;
        try
        {
            if (_untoldFault is { } fault)
            {
                ReadRest();
                Fail(fault);
            }
            else if (Phase != ChannelPhase.Gone)
            {
                ReadTurn();
            }
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    /// <summary>What was agreed with the handler ends: another one comes, or none.</summary>
    protected virtual void OnHandlerLeaves()
    {
    }

    /// <summary>The connection is made; the owner is told, unless it has let go of the channel meanwhile.</summary>
    protected void HandleConnected()
    {
        Phase = ChannelPhase.Open;
        ShutdownWhenSent();
        if (_isClosing)
        {
            BeginLinger();
        }
        else
        {
            Handler.OnConnected(this);
        }
    }

    protected void PostTurn()
    {
        if (!_isTurnPosted)
        {
            _isTurnPosted = true;
            _loop.Post(this);
        }
    }
}
