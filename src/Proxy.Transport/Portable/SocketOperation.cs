using System.Net.Sockets;

namespace Proxy.Transport.Portable;

/// <summary>
/// One kind of operation of one socket, used again and again. Whether it completes at once or later, on whatever thread, its end is posted
/// to the loop, where <c>completed</c> is called in a turn of its own.
/// </summary>
internal sealed class SocketOperation(PortableLoop loop, Action completed) : SocketAsyncEventArgs(true), IThreadPoolWorkItem
{
    private bool _isReleased;

    /// <summary>Whether an operation was begun whose end has not been handled.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Waits for bytes, a datagram, the end of the stream or an error, without taking anything and without holding a buffer.</summary>
    public void WaitReadable(Socket socket)
    {
        IsPending = true;
        PostIfDone(socket.ReceiveAsync(this));
    }

    public void Send(Socket socket, ArraySegment<byte> bytes)
    {
        IsPending = true;
        SetBuffer(bytes.Array, bytes.Offset, bytes.Count);
        PostIfDone(socket.SendAsync(this));
    }

    public void Connect(Socket socket)
    {
        IsPending = true;
        PostIfDone(socket.ConnectAsync(this));
    }

    public void Accept(Socket socket)
    {
        IsPending = true;
        AcceptSocket = null;
        PostIfDone(socket.AcceptAsync(this));
    }

    /// <summary>Disposes it as soon as nothing is pending; an end that is still to come is still told.</summary>
    public void Release()
    {
        _isReleased = true;
        if (!IsPending)
        {
            Dispose();
        }
    }

    public void Execute()
    {
        IsPending = false;
        completed();
        if (_isReleased)
        {
            Release();
        }
    }

    protected override void OnCompleted(SocketAsyncEventArgs e) => loop.Post(this);

    private void PostIfDone(bool willComplete)
    {
        if (!willComplete)
        {
            loop.Post(this);
        }
    }
}
