namespace Proxy.Policy.Filters;

/// <summary>One filter in one direction: what it holds, when it wants to be called, and how far the direction has got there.</summary>
internal sealed class FilterStage(FilterPipeline pipeline, string name, IStreamFilter filter, FilterDirection direction, HeldBytes held)
    : IFilterOutput
{
    private bool _hasInputEnded;
    private bool _hasFinished;

    // Of the call that is running.
    private bool _isCalling;
    private long _nowMicroseconds;
    private int _inputBytes;
    private int _keptBytes;

    /// <summary>What follows in this direction; null behind the last filter.</summary>
    public FilterStage? Next { get; set; }

    /// <summary>When the filter wants to be called; null when only bytes can wake it.</summary>
    public long? DueMicroseconds { get; private set; }

    /// <summary>Whether bytes are held here until a moment in time, so that more should not come.</summary>
    public bool IsWaiting => DueMicroseconds is not null && held.Count > 0;

    public void Receive(ReadOnlySpan<byte> input, long nowMicroseconds)
    {
        if (IsWaiting)
        {
            Store(input);
            return;
        }

        Call(input, nowMicroseconds);
    }

    public void EndInput(long nowMicroseconds)
    {
        _hasInputEnded = true;
        if (!IsWaiting)
        {
            Call([], nowMicroseconds);
        }
    }

    public void HandleTime(long nowMicroseconds)
    {
        if (DueMicroseconds <= nowMicroseconds)
        {
            Call([], nowMicroseconds);
        }
    }

    public void Release() => held.KeepLast(0);

    void IFilterOutput.Write(ReadOnlySpan<byte> bytes)
    {
        ThrowUnlessCalling();
        if (bytes.IsEmpty || !pipeline.TryNoteWritten(name, bytes.Length))
        {
            return;
        }

        if (Next is null)
        {
            pipeline.PassOut(direction, bytes);
        }
        else
        {
            Next.Receive(bytes, _nowMicroseconds);
        }
    }

    void IFilterOutput.HoldBack(int bytes)
    {
        ThrowUnlessCalling();
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _inputBytes);
        _keptBytes = bytes;
    }

    void IFilterOutput.CallAt(long momentMicroseconds)
    {
        ThrowUnlessCalling();
        var due = Math.Max(momentMicroseconds, _nowMicroseconds + FilterLimits.ShortestWaitMicroseconds);
        DueMicroseconds = Math.Min(due, DueMicroseconds ?? long.MaxValue);
    }

    void IFilterOutput.Cut(string reason)
    {
        ThrowUnlessCalling();
        pipeline.End(name, reason, defect: null);
    }

    /// <summary>Keeps what came although more was not asked for: a read that was under way, or what filters in front of this one held.</summary>
    private void Store(ReadOnlySpan<byte> input)
    {
        if (held.Count + input.Length > FilterLimits.StoredBytes)
        {
            pipeline.End(name, "More came than can be held back.", defect: null);
            return;
        }

        held.Append(input);
    }

    private void Call(ReadOnlySpan<byte> input, long nowMicroseconds)
    {
        if (pipeline.HasStopped || _hasFinished)
        {
            return;
        }

        var areHeld = held.Count > 0;
        if (areHeld)
        {
            held.Append(input);
            input = held.Span;
        }

        Run(input, nowMicroseconds);
        if (pipeline.HasStopped)
        {
            return;
        }

        if (areHeld)
        {
            held.KeepLast(_keptBytes);
        }
        else
        {
            held.Append(input[^_keptBytes..]);
        }

        if (DueMicroseconds is null && _keptBytes > (_hasInputEnded ? 0 : FilterLimits.HeldBytes))
        {
            pipeline.End(name, "The filter holds back more than it may.", defect: null);
            return;
        }

        if (_hasInputEnded && _keptBytes == 0)
        {
            HandleFinished(nowMicroseconds);
        }
    }

    private void Run(ReadOnlySpan<byte> input, long nowMicroseconds)
    {
        DueMicroseconds = null;
        (_isCalling, _nowMicroseconds, _inputBytes, _keptBytes) = (true, nowMicroseconds, input.Length, 0);
        try
        {
            if (_hasInputEnded)
            {
                filter.Finish(direction, input, this, nowMicroseconds);
            }
            else
            {
                filter.Process(direction, input, this, nowMicroseconds);
            }
        }
        catch (Exception defect)
        {
            // A filter is foreign code: its faults end its connection, not the thread that carries many.
            pipeline.End(name, defect.Message, defect);
        }

        _isCalling = false;
    }

    private void HandleFinished(long nowMicroseconds)
    {
        _hasFinished = true;
        DueMicroseconds = null;
        if (Next is null)
        {
            pipeline.PassEnd(direction);
        }
        else
        {
            Next.EndInput(nowMicroseconds);
        }
    }

    private void ThrowUnlessCalling()
    {
        if (!_isCalling)
        {
            throw new InvalidOperationException("A filter's output is only good during the call it came with.");
        }
    }
}
