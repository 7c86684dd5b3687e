using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollChannel
{
    private readonly KeptBytes _kept;
    private bool _isShutdownAsked;
    private bool _isShutdownDone;

    public bool HasUnsent => !IsClosed && !IsAllSent;

    private bool IsAllSent => _kept.IsEmpty && _inPipe is null or { HeldBytes: 0 };

    public bool Send(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed)
        {
            return true;
        }

        if (_isShutdownAsked)
        {
            throw new InvalidOperationException("Bytes were sent after the end of the stream.");
        }

        if (_untoldFault is not null)
        {
            return false;
        }

        if (_phase == Phase.Open && IsAllSent)
        {
            bytes = bytes[SendNow(bytes)..];
            if (bytes.IsEmpty || _untoldFault is not null)
            {
                return _untoldFault is null;
            }
        }

        _kept.Append(bytes);
        return false;
    }

    public void ShutdownSend()
    {
        if (IsClosed || _isShutdownAsked)
        {
            return;
        }

        _isShutdownAsked = true;
        TakeNoMoreSpliced();
        ShutdownWhenSent();
    }

    /// <summary>
    /// Sends until all has gone or the socket says that it is full, for only then an edge tells when it is not. Gives how many bytes went;
    /// an error is told in the next turn.
    /// </summary>
    private unsafe int SendNow(ReadOnlySpan<byte> bytes)
    {
        var sent = 0;
        fixed (byte* start = bytes)
        {
            while (sent < bytes.Length)
            {
                var count = Libc.Send(_descriptor, start + sent, (nuint)(bytes.Length - sent), NoSignal);
                if (count < 0)
                {
                    var error = Errno.Last;
                    if (error == Errno.Interrupted)
                    {
                        continue;
                    }

                    if (error != Errno.Again)
                    {
                        FailInNextTurn(Errno.ToFault(error));
                    }

                    break;
                }

                sent += (int)count;
            }
        }

        return sent;
    }

    /// <summary>The socket takes bytes again.</summary>
    private void SendKept()
    {
        if (IsAllSent || _untoldFault is not null || _phase is Phase.Connecting or Phase.Gone)
        {
            return;
        }

        if (_inPipe is not null && !TrySendPipe())
        {
            return;
        }

        while (!_kept.IsEmpty)
        {
            var first = _kept.First;
            var count = SendNow(first);
            _kept.Advance(count);
            if (count < first.Count)
            {
                return;
            }
        }

        HandleAllSent();
    }

    private void HandleAllSent()
    {
        ShutdownWhenSent();
        if (_phase == Phase.Lingering)
        {
            EndLingerWhenDone();
        }
        else
        {
            _handler.OnSendDrained(this);
        }
    }

    private void ShutdownWhenSent()
    {
        if (!_isShutdownAsked || _isShutdownDone || _phase == Phase.Connecting || !IsAllSent)
        {
            return;
        }

        _isShutdownDone = true;
        if (Libc.Shutdown(_descriptor, LinuxConstants.ShutdownSend) != 0)
        {
            FailInNextTurn(Errno.ToFault(Errno.Last));
        }
    }
}
