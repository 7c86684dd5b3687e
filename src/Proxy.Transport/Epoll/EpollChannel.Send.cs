using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

internal sealed partial class EpollChannel
{
    protected override bool IsAllSent => Kept.IsEmpty && _inPipe is null or { HeldBytes: 0 };

    /// <summary>
    /// Sends until all has gone or the socket says that it is full, for only then an edge tells when it is not. Gives how many bytes went;
    /// an error is told in the next turn.
    /// </summary>
    protected override unsafe int SendNow(ReadOnlySpan<byte> bytes, bool isMoreAtHand)
    {
        var flags = isMoreAtHand ? NoSignal | MoreFollows : NoSignal;
        var sent = 0;
        fixed (byte* start = bytes)
        {
            while (sent < bytes.Length)
            {
                var count = Libc.Send(_descriptor, start + sent, (nuint)(bytes.Length - sent), flags);
                if (count < 0)
                {
                    var error = Errno.Last;
                    if (error == Errno.Interrupted)
                    {
                        continue;
                    }

                    if (error != Errno.Again)
                    {
                        _isResetTaken = error == Errno.ConnectionReset;
                        FailInNextTurn(Errno.ToFault(error));
                    }

                    break;
                }

                sent += (int)count;
            }
        }

        return sent;
    }

    public bool SendBeforeMore(ReadOnlySpan<byte> bytes) => Send(bytes, isMoreAtHand: true);

    protected override TransportFault? ShutdownSocket() =>
        Libc.Shutdown(_descriptor, LinuxConstants.ShutdownSend) == 0 ? null : Errno.ToFault(Errno.Last);

    protected override void OnLastBytesGiven() => TakeNoMoreSpliced();

    /// <summary>The socket takes bytes again.</summary>
    private void SendKept()
    {
        if (IsAllSent || HasUntoldFault || Phase is ChannelPhase.Connecting or ChannelPhase.Gone)
        {
            return;
        }

        if (_inPipe is not null && !TrySendPipe())
        {
            return;
        }

        while (!Kept.IsEmpty)
        {
            var first = Kept.First;
            var count = SendNow(first, isMoreAtHand: false);
            Kept.Advance(count);
            if (count < first.Count)
            {
                return;
            }
        }

        HandleAllSent();
    }
}
