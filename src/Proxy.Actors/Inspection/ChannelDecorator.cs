using System.Buffers;
using System.Net;
using Proxy.Transport;

namespace Proxy.Actors;

/// <summary>
/// A channel around another one that may change or delay what is received; what is sent passes through. Whom the inner channel told, this one
/// tells from now on. It keeps the contract of a channel, so whatever stands outside (a relay, another decorator) need not know of it: what
/// must wait is held here, and the inner channel is paused meanwhile. For the loop's thread only.
/// </summary>
internal abstract class ChannelDecorator : IChannel, IChannelHandler, IThreadPoolWorkItem
{
    private readonly KeptBytes _held;
    private bool _isInnerReceiving;
    private bool _isTurnPosted;
    private bool _isDelivering;
    private bool _isEndPending;
    private bool _isEndTold;

    /// <summary>Stands around <paramref name="inner"/> at once; receiving is paused.</summary>
    protected ChannelDecorator(IIoLoop loop, IChannel inner, ArrayPool<byte> pool)
    {
        _held = new KeptBytes(pool);
        (Loop, Inner, Handler) = (loop, inner, inner.Handler);
        inner.Handler = this;
    }

    public IChannelHandler Handler { get; set; }

    public EndPoint? RemoteEndPoint => Inner.RemoteEndPoint;

    public EndPoint? LocalEndPoint => Inner.LocalEndPoint;

    public bool HasUnsent => Inner.HasUnsent;

    protected IIoLoop Loop { get; }

    protected IChannel Inner { get; }

    /// <summary>Whether whoever stands outside wants bytes now.</summary>
    protected bool IsWanted { get; private set; }

    /// <summary>Whether the channel was let go of, or has failed.</summary>
    protected bool IsGone { get; private set; }

    /// <summary>How many bytes wait for being wanted, or allowed.</summary>
    protected long HeldBytes => _held.Count;

    /// <summary>Whether there is anything to do in a turn of its own before the inner channel may go on.</summary>
    protected virtual bool HasWork => !_held.IsEmpty || (_isEndPending && !_isEndTold);

    /// <summary>Whether the inner channel may deliver, as far as the decorator's own state goes.</summary>
    protected virtual bool MayReceive => true;

    /// <summary>Bytes that were read before, by somebody who stood here earlier: they come before everything else. Before the first receiving.</summary>
    public virtual void Unread(ReadOnlySpan<byte> bytes) => _held.Append(bytes);

    public bool Send(ReadOnlySpan<byte> bytes) => Inner.Send(bytes);

    public void ShutdownSend() => Inner.ShutdownSend();

    public void ResumeReceive()
    {
        if (IsGone)
        {
            return;
        }

        IsWanted = true;
        if (HasWork)
        {
            PostTurn();
        }
        else
        {
            UpdateInner();
        }
    }

    public void PauseReceive()
    {
        IsWanted = false;
        UpdateInner();
    }

    public void Abort()
    {
        if (!IsGone)
        {
            Leave();
            Inner.Abort();
        }
    }

    public void Close()
    {
        if (!IsGone)
        {
            Leave();
            Inner.Close();
        }
    }

    void IChannelHandler.OnConnected(IChannel channel) => Handler.OnConnected(this);

    void IChannelHandler.OnReceived(IChannel channel, ReadOnlySpan<byte> bytes) => HandleReceived(bytes);

    void IChannelHandler.OnEndOfStream(IChannel channel) => HandleEndOfStream();

    void IChannelHandler.OnSendDrained(IChannel channel) => Handler.OnSendDrained(this);

    void IChannelHandler.OnFailed(IChannel channel, TransportFault fault)
    {
        Leave();
        Handler.OnFailed(this, fault);
    }

    void IThreadPoolWorkItem.Execute()
    {
        _isTurnPosted = false;
        Guard(HandleTurn);
    }

    /// <summary>Bytes of the inner channel.</summary>
    protected abstract void HandleReceived(ReadOnlySpan<byte> bytes);

    /// <summary>The inner channel's end of stream.</summary>
    protected abstract void HandleEndOfStream();

    /// <summary>A turn that was asked for because of <see cref="HasWork"/>.</summary>
    protected virtual void HandleTurn() => Advance();

    /// <summary>How many of so many bytes, which are there, are delivered now: at least one, or 0 to wait until <see cref="Advance"/> is called.</summary>
    protected virtual int Allow(int bytes) => bytes;

    /// <summary>The channel is gone; what belongs to it is let go.</summary>
    protected virtual void HandleGone()
    {
    }

    /// <summary>Delivers the bytes behind those that are held, as far as they may go now; the rest is held.</summary>
    protected void Pass(ReadOnlySpan<byte> bytes)
    {
        while (_held.IsEmpty && !bytes.IsEmpty && IsWanted && !IsGone && Allow(bytes.Length) is > 0 and var count)
        {
            Handler.OnReceived(this, bytes[..count]);
            bytes = bytes[count..];
        }

        if (!IsGone)
        {
            _held.Append(bytes);
        }
    }

    /// <summary>No more bytes come; the end is told behind those that are held.</summary>
    protected void PassEnd() => _isEndPending = true;

    /// <summary>Delivers what is held as far as it may go, tells the end when it has come, and lets the inner channel go on or stop.</summary>
    protected void Advance()
    {
        while (IsWanted && !IsGone && !_held.IsEmpty && Allow(_held.First.Count) is > 0 and var count)
        {
            Deliver(count);
        }

        if (IsWanted && !IsGone && _held.IsEmpty && _isEndPending && !_isEndTold)
        {
            _isEndTold = true;
            Handler.OnEndOfStream(this);
        }

        UpdateInner();
    }

    /// <summary>
    /// Runs a turn that is not a call of the inner channel: a handler that throws in it costs this channel, as it would cost the inner one.
    /// </summary>
    protected void Guard(Action turn)
    {
        if (IsGone)
        {
            return;
        }

        try
        {
            turn();
        }
        catch (Exception failure)
        {
            Fail(new TransportFault(TransportFaultKind.Other, "a handler failed: " + failure.Message));
            throw;
        }
    }

    /// <summary>As if the inner channel had failed: it is reset, and the handler is told. Not from inside a call into this channel.</summary>
    protected void Fail(TransportFault fault)
    {
        if (!IsGone)
        {
            Leave();
            Inner.Abort();
            Handler.OnFailed(this, fault);
        }
    }

    /// <summary>Asks for a turn of its own.</summary>
    protected void PostTurn()
    {
        if (!_isTurnPosted)
        {
            _isTurnPosted = true;
            Loop.Post(this);
        }
    }

    private void Deliver(int count)
    {
        _isDelivering = true;
        try
        {
            Handler.OnReceived(this, _held.First.AsSpan(0, count));
        }
        finally
        {
            _isDelivering = false;
        }

        if (IsGone)
        {
            _held.Clear();
        }
        else
        {
            _held.Advance(count);
        }
    }

    private void UpdateInner()
    {
        var isReceiving = IsWanted && !IsGone && _held.IsEmpty && MayReceive;
        if (isReceiving == _isInnerReceiving)
        {
            return;
        }

        _isInnerReceiving = isReceiving;
        if (isReceiving)
        {
            Inner.ResumeReceive();
        }
        else
        {
            Inner.PauseReceive();
        }
    }

    private void Leave()
    {
        IsGone = true;
        if (!_isDelivering)
        {
            // A delivery that is under way still reads them; it clears them itself.
            _held.Clear();
        }

        HandleGone();
    }
}
