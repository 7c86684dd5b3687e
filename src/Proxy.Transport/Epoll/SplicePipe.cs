namespace Proxy.Transport.Epoll;

/// <summary>A pipe through which one direction of a relay is moved inside the kernel. It belongs to the sink; the source fills it when it is empty.</summary>
internal sealed class SplicePipe(int readEnd, int writeEnd)
{
    public int ReadEnd { get; } = readEnd;

    public int WriteEnd { get; } = writeEnd;

    /// <summary>Bytes on their way, which the sink could not take yet.</summary>
    public int HeldBytes { get; set; }

    /// <summary>Who fills it; null when nobody will any more.</summary>
    public EpollChannel? Source { get; set; }

    public long LastUseMicroseconds { get; set; }
}

/// <summary>The pipes of one loop: made when they are needed, at most as many as the settings say, kept for the next flow.</summary>
internal sealed class SplicePipes(EpollLoop loop)
{
    /// <summary>What a pipe holds. Measured: 1 MiB costs a little less CPU and is slower, and takes four times of a user's share.</summary>
    public const int PipeBytes = 256 << 10;

    // Less than this, where a user's share is used up, is worse than copying.
    private const int SmallestUsefulBytes = 64 << 10;

    // A flow that was silent for so long gives its pipe to one that is not.
    private const long IdleMicroseconds = 1_000_000;
    private readonly List<SplicePipe> _inUse = [];
    private readonly Stack<SplicePipe> _free = new();

    /// <summary>A pipe without bytes for <paramref name="source"/>; null: there is none to be had now.</summary>
    public SplicePipe? TryRent(EpollChannel source)
    {
        if (_inUse.Count >= loop.Settings.SplicedFlows)
        {
            TakeFromIdle();
        }

        if (_inUse.Count >= loop.Settings.SplicedFlows)
        {
            return null;
        }

        var pipe = _free.TryPop(out var free) ? free : TryCreate();
        if (pipe is not null)
        {
            (pipe.Source, pipe.LastUseMicroseconds) = (source, loop.NowMicroseconds);
            _inUse.Add(pipe);
        }

        return pipe;
    }

    public void Return(SplicePipe pipe)
    {
        pipe.Source = null;
        _inUse.Remove(pipe);
        if (pipe.HeldBytes == 0)
        {
            _free.Push(pipe);
        }
        else
        {
            Close(pipe);
        }
    }

    /// <summary>The loop ends, after its channels have.</summary>
    public void CloseAll()
    {
        while (_free.TryPop(out var pipe))
        {
            Close(pipe);
        }
    }

    private void TakeFromIdle()
    {
        var idle = _inUse.Find(pipe => pipe.HeldBytes == 0 && loop.NowMicroseconds - pipe.LastUseMicroseconds > IdleMicroseconds);
        idle?.Source?.EndSplice();
    }

    private static unsafe SplicePipe? TryCreate()
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, LinuxConstants.NonBlocking | LinuxConstants.CloseOnExec) != 0)
        {
            return null;
        }

        var pipe = new SplicePipe(ends[0], ends[1]);
        var grantedBytes = Libc.DescriptorControl(pipe.WriteEnd, LinuxConstants.SetPipeSize, PipeBytes);
        if (grantedBytes < 0)
        {
            grantedBytes = Libc.DescriptorControl(pipe.WriteEnd, LinuxConstants.GetPipeSize, 0);
        }

        if (grantedBytes >= SmallestUsefulBytes)
        {
            return pipe;
        }

        Close(pipe);
        return null;
    }

    private static void Close(SplicePipe pipe)
    {
        _ = Libc.Close(pipe.ReadEnd);
        _ = Libc.Close(pipe.WriteEnd);
    }
}
