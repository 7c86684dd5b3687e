using Proxy.Transport.Relays;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>
/// Moving bytes to another channel of the same loop by splice(2), socket to pipe to socket. A channel is source and sink at once, one for
/// each direction of its relay. What is in the pipe counts as kept by the sink.
/// </summary>
internal sealed partial class EpollChannel : ISpliceSource
{
    // A read that brings so much is a sign of a bulk flow.
    private const int BulkReadBytes = 64 << 10;

    // So many small moves in a row, and it is bulk no longer: copying a few kilobytes is cheaper than two calls.
    private const int ThinSpliceBytes = 16 << 10;
    private const int ThinSplicesBeforeCopying = 8;

    // Source: whom bytes may be moved to, and the pipe while they are.
    private EpollChannel? _spliceSink;
    private ISpliceHandler? _spliceHandler;
    private SplicePipe? _outPipe;
    private int _bulkReads;
    private int _thinSplices;

    // Sink: the pipe that bytes come from.
    private SplicePipe? _inPipe;

    private bool CanTakeSpliced => Phase == ChannelPhase.Open && !HasUntoldFault && !IsShutdownAsked && _inPipe is null && IsAllSent;

    public void AllowSplice(IChannel sink, ISpliceHandler handler)
    {
        if (_loop.Settings.BulkReadsBeforeSplice > 0 && sink is EpollChannel channel && channel._loop == _loop && channel != this)
        {
            (_spliceSink, _spliceHandler) = (channel, handler);
        }
    }

    /// <summary>Goes back to delivering. Bytes in the pipe stay with the sink.</summary>
    public void EndSplice()
    {
        if (_outPipe is not { } pipe)
        {
            return;
        }

        (_outPipe, _bulkReads) = (null, 0);
        pipe.Source = null;
        _spliceSink!.LetGoOfEmptyPipe();
    }

    private void ForbidSplice()
    {
        EndSplice();
        (_spliceSink, _spliceHandler) = (null, null);
    }

    /// <summary>Whether the next read is to be a splice; begins one when the flow has shown to be bulk.</summary>
    private bool IsSplicing()
    {
        if (_outPipe is null && _bulkReads >= _loop.Settings.BulkReadsBeforeSplice && _spliceSink is { CanTakeSpliced: true } sink)
        {
            _bulkReads = 0;
            _thinSplices = 0;
            _outPipe = _loop.Pipes.TryRent(this);
            sink._inPipe = _outPipe;
        }

        return _outPipe is not null;
    }

    private void NoteRead(int count) => _bulkReads = count >= BulkReadBytes && _spliceSink is not null ? _bulkReads + 1 : 0;

    private unsafe void SpliceOnce()
    {
        var pipe = _outPipe!;
        var count = (int)Libc.Splice(_descriptor, null, pipe.WriteEnd, null, SplicePipes.PipeBytes, SpliceMove | SpliceNonBlocking);
        if (count > 0)
        {
            pipe.HeldBytes = count;
            pipe.LastUseMicroseconds = _loop.NowMicroseconds;
            _loop.Counters.SplicedBytes += count;
            _thinSplices = count < ThinSpliceBytes ? _thinSplices + 1 : 0;
            _spliceHandler!.OnSpliced(this, count, _spliceSink!.TrySendPipe());
            if (_thinSplices == ThinSplicesBeforeCopying)
            {
                EndSplice();
            }
        }
        else if (count == 0)
        {
            EndSplice();
            HandleEndOfStream();
        }
        else
        {
            HandleSpliceError(Errno.LastOfLongCall);
        }
    }

    // The pipe was empty, so it is the socket that has nothing.
    private void HandleSpliceError(int error)
    {
        if (error == Errno.InvalidArgument)
        {
            // Not for this kind of socket: it is copied for the rest of its life.
            ForbidSplice();
        }
        else
        {
            HandleReadError(error);
        }
    }

    /// <summary>Moves what the pipe holds to our socket. True: all has gone. An error is told in the next turn.</summary>
    private unsafe bool TrySendPipe()
    {
        var pipe = _inPipe!;
        while (pipe.HeldBytes > 0)
        {
            var count = (int)Libc.Splice(pipe.ReadEnd, null, _descriptor, null, (nuint)pipe.HeldBytes, SpliceMove | SpliceNonBlocking);
            if (count > 0)
            {
                pipe.HeldBytes -= count;
                continue;
            }

            var error = count == 0 ? Errno.BrokenPipe : Errno.LastOfLongCall;
            if (error == Errno.Interrupted)
            {
                continue;
            }

            if (error != Errno.Again)
            {
                FailInNextTurn(Errno.ToFault(error));
            }

            return false;
        }

        LetGoOfEmptyPipe();
        return true;
    }

    /// <summary>What is in the pipe still goes; whatever else the source has, it has to deliver.</summary>
    private void TakeNoMoreSpliced() => _inPipe?.Source?.EndSplice();

    private void LetGoOfEmptyPipe()
    {
        if (_inPipe is { HeldBytes: 0, Source: null } pipe)
        {
            _inPipe = null;
            _loop.Pipes.Return(pipe);
        }
    }

    /// <summary>The channel is gone, as source and as sink.</summary>
    private void ReleasePipes()
    {
        ForbidSplice();
        if (_inPipe is { } pipe)
        {
            _inPipe = null;
            pipe.Source?.ForgetPipe();
            _loop.Pipes.Return(pipe);
        }
    }

    private void ForgetPipe() => _outPipe = null;
}
