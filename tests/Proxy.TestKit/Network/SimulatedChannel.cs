using System.Net;
using Proxy.Transport;

namespace Proxy.TestKit;

/// <summary>The loop's half of a TCP connection: it turns what the kernel's half shows into handler calls, in turns of its loop.</summary>
internal sealed class SimulatedChannel : IChannel, IThreadPoolWorkItem, ISimulatedSocketOwner
{
    private readonly SimulatedLoop _loop;
    private readonly bool _isConnecting;
    private bool _isTurnPosted;
    private bool _isConnectTold;
    private bool _isEndTold;
    private bool _isReceiving;
    private bool _isShutdownAsked;

    // Whether the owner has closed or aborted it, or was told that it failed.
    private bool _isLetGo;
    private bool _isCounted = true;

    public SimulatedChannel(SimulatedLoop loop, SimulatedTcpSocket socket, IChannelHandler handler, bool isConnecting)
    {
        (_loop, Socket, Handler, _isConnecting) = (loop, socket, handler, isConnecting);
        socket.Owner = this;
        loop.Counters.OpenChannels++;
        if (socket.Fault is not null)
        {
            PostTurn();
        }
    }

    // Let go of, or lost in a crash of its own host.
    private bool IsEnded => _isLetGo || _loop.IsDead;

    public IChannelHandler Handler { get; set; }

    public EndPoint? RemoteEndPoint => Socket.Remote;

    public EndPoint? LocalEndPoint => Socket.Local;

    public bool HasUnsent => !IsEnded && Socket.HasPending;

    public SimulatedTcpSocket Socket { get; }

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        _loop.RequireCurrent();
        if (IsEnded)
        {
            return true;
        }

        if (_isShutdownAsked)
        {
            throw new InvalidOperationException("Bytes were sent after the end of the stream.");
        }

        return Socket.Fault is null && Socket.Write(bytes);
    }

    public void ShutdownSend()
    {
        _loop.RequireCurrent();
        if (!IsEnded)
        {
            _isShutdownAsked = true;
            Socket.ShutdownSend();
        }
    }

    public void ResumeReceive()
    {
        _loop.RequireCurrent();
        _isReceiving = !IsEnded;
        PostTurn();
    }

    public void PauseReceive()
    {
        _loop.RequireCurrent();
        _isReceiving = false;
    }

    public void Abort()
    {
        _loop.RequireCurrent();
        if (!IsEnded)
        {
            _isLetGo = true;
            Socket.Abort();
            OnSocketGone();
        }
    }

    public void Close()
    {
        _loop.RequireCurrent();
        if (IsEnded)
        {
            return;
        }

        if (!Socket.IsEstablished && !Socket.HasPending)
        {
            Abort();
            return;
        }

        _isLetGo = true;
        Socket.Release();
        if (Socket.Fault is not null)
        {
            OnSocketGone();
        }
    }

    public void OnSocketChanged()
    {
        if (!IsEnded)
        {
            PostTurn();
        }
    }

    public void OnSocketGone()
    {
        if (_isCounted && (IsEnded || Socket.Fault is null))
        {
            _isCounted = false;
            _loop.Counters.OpenChannels--;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        _isTurnPosted = false;
        try
        {
            Turn();
        }
        catch (Exception failure)
        {
            FailForHandler(failure);
        }
    }

    private void Turn()
    {
        if (IsEnded)
        {
            return;
        }

        if (Socket.Fault is { } fault)
        {
            EndBy(fault);
            return;
        }

        if (!Socket.IsEstablished)
        {
            return;
        }

        if (_isConnecting && !_isConnectTold)
        {
            _isConnectTold = true;
            Handler.OnConnected(this);
        }

        if (!IsEnded && Socket.IsDrained)
        {
            Socket.IsDrained = false;
            Handler.OnSendDrained(this);
        }

        if (!IsEnded && _isReceiving)
        {
            Receive();
        }
    }

    /// <summary>One read per turn, so that others of the loop have theirs.</summary>
    private void Receive()
    {
        if (Socket.HasReceived)
        {
            var buffer = _loop.ReceiveBuffer;
            var count = Socket.Read(buffer);
            try
            {
                Handler.OnReceived(this, buffer[..count]);
            }
            finally
            {
                buffer[..count].Fill(SimulatedLoop.StaleByte);
            }

            PostTurn();
        }
        else if (Socket.IsAtEnd && !_isEndTold)
        {
            _isEndTold = true;
            Handler.OnEndOfStream(this);
        }
    }

    private void EndBy(TransportFault fault)
    {
        _isLetGo = true;
        OnSocketGone();
        Handler.OnFailed(this, fault);
    }

    /// <summary>A handler threw: the channel is reset, and its owner is told, unless it had let go of the channel before it threw.</summary>
    private void FailForHandler(Exception failure)
    {
        _loop.ReportFailure(failure);
        if (IsEnded)
        {
            return;
        }

        Socket.Abort();
        try
        {
            EndBy(new TransportFault(TransportFaultKind.Other, "a handler failed: " + failure.Message));
        }
        catch (Exception second)
        {
            _loop.ReportFailure(second);
        }
    }

    private void PostTurn()
    {
        if (!_isTurnPosted && !IsEnded)
        {
            _isTurnPosted = true;
            _loop.Post(this);
        }
    }
}
